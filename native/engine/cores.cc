#include "cores.h"

#include <sched.h>

#include <thread>

namespace thalweg {

int32_t allowed_cores() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof(mask), &mask) == 0) return CPU_COUNT(&mask);
  return static_cast<int32_t>(std::thread::hardware_concurrency());
}

int32_t current_core() { return sched_getcpu(); }

void Cores::note(int32_t rank) {
  noted_[static_cast<size_t>(rank)].core.store(current_core(), std::memory_order_relaxed);
}

void Cores::leave_shared(int32_t rank, int32_t threads) {
  const int32_t here = current_core();
  cpu_set_t allowed;
  cpu_set_t others;
  CPU_ZERO(&others);
  for (int32_t other = 0; other < threads; ++other) {
    const int32_t core = noted_[static_cast<size_t>(other)].core.load(std::memory_order_relaxed);
    if (other != rank && core >= 0) CPU_SET(core, &others);
  }
  if (here < 0 || !CPU_ISSET(here, &others)) return;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
  cpu_set_t left;
  CPU_ZERO(&left);
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &allowed) && !CPU_ISSET(core, &others)) CPU_SET(core, &left);
  }
  if (CPU_COUNT(&left) == 0) return;
  if (sched_setaffinity(0, sizeof(left), &left) == 0) sched_setaffinity(0, sizeof(allowed), &allowed);
  note(rank);
}

}  // namespace thalweg
