#include "cores.h"

#include <sched.h>

namespace thalweg {

void Cores::note(int32_t rank) {
  places_[static_cast<size_t>(rank)].core.store(sched_getcpu(), std::memory_order_relaxed);
}

void Cores::leave_shared(int32_t rank, int32_t threads) {
  const int here = sched_getcpu();
  cpu_set_t allowed;
  if (here < 0 || sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
  cpu_set_t left = allowed;
  bool shared = false;
  for (int32_t other = 0; other < threads; ++other) {
    const int32_t core = places_[static_cast<size_t>(other)].core.load(std::memory_order_relaxed);
    if (other == rank || core < 0) continue;
    shared = shared || core == here;
    CPU_CLR(core, &left);
  }
  if (!shared || CPU_COUNT(&left) == 0) return;
  if (sched_setaffinity(0, sizeof(left), &left) == 0) sched_setaffinity(0, sizeof(allowed), &allowed);
  note(rank);
}

}  // namespace thalweg
