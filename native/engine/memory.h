// Memory that outlives any JavaScript buffer: parameters, optimizer state, data sets.
#pragma once

#include <cstddef>
#include <cstdint>

namespace thalweg {

// Has the whole huge pages within a memory be such, where the system has them for those who ask: of large
// memory that is about to be touched for the first time, a page at a time costs as much as the work.
void ask_for_huge_pages(void* data, size_t bytes);

// Zeroed, aligned to a cache line, never moved; in huge pages where it is large and the system has them for
// those who ask, since each step goes through it all. Shared by whoever holds it.
class Memory {
 public:
  explicit Memory(int64_t bytes);  // throws std::bad_alloc
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  void* data() const { return data_; }
  int64_t bytes() const { return bytes_; }

 private:
  int64_t bytes_;
  void* data_;
};

}  // namespace thalweg
