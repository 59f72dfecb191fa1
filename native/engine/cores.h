// Which core each thread of a team runs on. Where the scheduler wakes two of them on one core, each waits
// for the other to be switched in, at every barrier, and nothing moves them apart: whoever waits in vain
// looks for that and moves.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "system.h"

namespace thalweg {

// Cores that this thread may run on; all of the machine where the system does not tell.
int32_t allowed_cores();

class Cores {
 public:
  explicit Cores(int32_t threads) : noted_(static_cast<size_t>(threads)) {}

  // Tells where this thread runs.
  void note(int32_t rank);

  // Moves this thread where another one of the first `threads` was on the same core, and another core may
  // be used. It may go anywhere afterwards.
  void leave_shared(int32_t rank, int32_t threads);

 private:
  struct alignas(64) Noted {
    std::atomic<int32_t> core{-1};
  };
  std::vector<Noted> noted_;
};

}  // namespace thalweg
