// Memory that outlives any JavaScript buffer: parameters, optimizer state, data sets.
#pragma once

#include <cstddef>
#include <cstdint>

namespace thalweg {

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
