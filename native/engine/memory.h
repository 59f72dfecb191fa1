// Memory that outlives any JavaScript buffer: parameters, optimizer state, data sets.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

namespace thalweg {

// Zeroed, aligned to a cache line, never moved. Shared by whoever holds it.
class Memory {
 public:
  explicit Memory(int64_t bytes) : bytes_(bytes) {
    const auto size = static_cast<size_t>((bytes + 63) / 64 * 64);
    data_ = std::aligned_alloc(64, size < 64 ? 64 : size);
    if (data_ == nullptr) throw std::bad_alloc();
    std::memset(data_, 0, size < 64 ? 64 : size);
  }
  ~Memory() { std::free(data_); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  void* data() const { return data_; }
  int64_t bytes() const { return bytes_; }

 private:
  int64_t bytes_;
  void* data_;
};

}  // namespace thalweg
