// A barrier: threads of a team wait here until all have come. They spin for a while, since the others are
// about to come, and then sleep, since another process may have taken the core.
#pragma once

#include <atomic>
#include <cstdint>

#include "cores.h"

namespace thalweg {

// Of the order of 50 microseconds.
constexpr int kSpins = 2'000;

inline void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

class Barrier {
 public:
  Barrier(int32_t size, Cores& cores) : size_(size), cores_(cores) {}

  void wait(int32_t rank) {
    cores_.note(rank);
    const uint32_t round = round_.load(std::memory_order_relaxed);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == size_) {
      arrived_.store(0, std::memory_order_relaxed);
      opened_on_ = current_core();
      // In order before notify_all looks for threads that sleep: otherwise one that is about to may see the
      // old round, and not be seen.
      round_.store(round + 1, std::memory_order_seq_cst);
      round_.notify_all();
      return;
    }
    for (int spins = 0; round_.load(std::memory_order_acquire) == round; ++spins) {
      if (spins < kSpins) {
        pause_briefly();
      } else {
        cores_.leave_shared(rank, size_);
        round_.wait(round, std::memory_order_acquire);
      }
    }
    if (opened_on_ == current_core()) cores_.leave_shared(rank, size_);
  }

 private:
  const int32_t size_;
  Cores& cores_;
  alignas(64) std::atomic<int32_t> arrived_{0};
  alignas(64) std::atomic<uint32_t> round_{0};
  int32_t opened_on_ = -1;  // the core of the thread that came last
};

}  // namespace thalweg
