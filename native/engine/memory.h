// Memory that outlives any JavaScript buffer: parameters, optimizer state, data sets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "system.h"

namespace thalweg {

enum class Contents {
  zeros,
  unwritten,  // for memory that its users write before they read it
};

// Aligned to a cache line, never moved; in huge pages where it is large and the system has them for those who
// ask, since each step goes through it all. Shared by whoever holds it.
//
// A page lies near the core that touches it first. What is unwritten is first touched by the tasks that use
// it. Zeros are written by the threads together: a task divides its rows among them in the same order.
class Memory {
 public:
  explicit Memory(int64_t bytes, Contents contents = Contents::zeros);  // throws std::bad_alloc
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  void* data() const { return data_.get(); }
  int64_t bytes() const { return bytes_; }

 private:
  int64_t bytes_;
  std::unique_ptr<void, system::Release> data_;
};

}  // namespace thalweg
