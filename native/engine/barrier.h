// A barrier: threads of a team wait here until all have come. They spin for a while, since the others are
// about to come, and then sleep, since another process may have taken the core.
//
// More than eight of them come in a tree: eight at a time count their arrivals in a node, and the last of the
// eight goes on to the node above. No cache line is written or watched by more than eight.
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

struct BarrierNode {
  alignas(64) std::atomic<int32_t> arrived{0};
  alignas(64) std::atomic<uint32_t> round{0};  // of the nodes at which threads come, not of those above
};

class Barrier {
 public:
  static constexpr int32_t kFanIn = 8;

  // The nodes that a barrier for this many threads needs of its maker; they may serve one after another.
  static int32_t nodes_for(int32_t size) {
    int32_t nodes = 0;
    for (int32_t count = size; count > kFanIn; count = groups_of(count)) nodes += groups_of(count);
    return nodes == 0 ? 0 : nodes + 1;
  }

  // `nodes` may be null for up to kFanIn threads.
  Barrier(int32_t size, Cores& cores, BarrierNode* nodes)
      : size_(size), cores_(cores), nodes_(size > kFanIn ? nodes : &only_) {}

  void wait(int32_t rank) {
    cores_.note(rank);
    const std::atomic<uint32_t>& mine = nodes_[rank / kFanIn].round;
    const uint32_t round = mine.load(std::memory_order_relaxed);
    if (is_last(rank)) {
      opened_on_ = system::current_core();
      for (int32_t group = 0; group < groups_of(size_); ++group) open(nodes_[group].round);
      return;
    }
    for (int spins = 0; mine.load(std::memory_order_acquire) == round; ++spins) {
      if (spins < kSpins) {
        pause_briefly();
      } else {
        cores_.leave_shared(rank, size_);
        mine.wait(round, std::memory_order_acquire);
      }
    }
    if (opened_on_ >= 0 && opened_on_ == system::current_core()) cores_.leave_shared(rank, size_);
  }

 private:
  static int32_t groups_of(int32_t count) { return (count + kFanIn - 1) / kFanIn; }

  // Counts the arrival, and those of its nodes above that it completes.
  bool is_last(int32_t rank) {
    BarrierNode* level = nodes_;
    for (int32_t count = size_;;) {
      const int32_t group = rank / kFanIn;
      const int32_t left = count - group * kFanIn;
      std::atomic<int32_t>& arrived = level[group].arrived;
      if (arrived.fetch_add(1, std::memory_order_acq_rel) + 1 != (left < kFanIn ? left : kFanIn))
        return false;
      arrived.store(0, std::memory_order_relaxed);
      if (count <= kFanIn) return true;
      count = groups_of(count);
      level += count;
      rank = group;
    }
  }

  // A node's rounds are its own: smaller teams have not used it.
  static void open(std::atomic<uint32_t>& round) {
    const uint32_t next = round.load(std::memory_order_relaxed) + 1;
    // In order before notify_all looks for threads that sleep: otherwise one that is about to may see the
    // old round, and not be seen.
    round.store(next, std::memory_order_seq_cst);
    round.notify_all();
  }

  const int32_t size_;
  Cores& cores_;
  BarrierNode* const nodes_;  // those at which threads come, then level by level those above
  BarrierNode only_;
  int32_t opened_on_ = -1;  // the core of the thread that came last
};

}  // namespace thalweg
