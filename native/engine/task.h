// A task is one instruction made ready: operands checked, kernel chosen, nothing left to allocate.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include "../kernels/types.h"

namespace thalweg {

// What goes wrong only once the data is seen. Any thread of the team may report; the lowest
// position is kept, so that the report is the same for any number of threads.
struct Failure {
  std::atomic<int64_t> position{INT64_MAX};

  void report(int64_t at) {
    int64_t seen = position.load(std::memory_order_relaxed);
    while (at < seen && !position.compare_exchange_weak(seen, at, std::memory_order_relaxed)) {
    }
  }
  bool failed() const { return position.load(std::memory_order_relaxed) != INT64_MAX; }
};

class Task {
 public:
  // Every thread of the team calls it; each does its share. `scratch` is shared, 64-byte aligned.
  virtual void run(const Team& team, void* scratch, Failure& failure) const = 0;

  // Throws the error that `failure` stands for.
  virtual void explain(int64_t /*position*/) const {}

  virtual int64_t scratch_bytes(int32_t /*threads*/) const { return 0; }

  double nanoseconds = 0;  // estimated, on one thread

 protected:
  ~Task() = default;  // a task owns nothing: its memory is given back without a destructor
};

// Where tasks are made: a block of memory that the caller provides.
class TaskStore {
 public:
  TaskStore(std::byte* memory, size_t size) : memory_(memory), left_(size) {}

  template <typename T, typename... Args>
  T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>);
    static_assert(alignof(T) <= 64);
    constexpr size_t size = (sizeof(T) + 63) / 64 * 64;
    if (size > left_) throw std::bad_alloc();
    T* task = new (memory_) T(std::forward<Args>(args)...);
    memory_ += size;
    left_ -= size;
    return task;
  }

 private:
  std::byte* memory_;
  size_t left_;
};

struct Range {
  int64_t begin, end;
};

// The share of [0, n) of one thread, in whole multiples of `grain`.
inline Range share(int64_t n, const Team& team, int64_t grain = 1) {
  const int64_t grains = (n + grain - 1) / grain;
  const int64_t begin = grains * team.rank / team.size * grain;
  const int64_t end = grains * (team.rank + 1) / team.size * grain;
  return {begin < n ? begin : n, end < n ? end : n};
}

inline void barrier(const Team& team) {
  if (team.size > 1) team.wait(team.gate);
}

}  // namespace thalweg
