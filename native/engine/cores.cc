#include "cores.h"

#include <thread>

namespace thalweg {

int32_t allowed_cores() {
  const int32_t allowed = system::allowed_cores();
  return allowed > 0 ? allowed : static_cast<int32_t>(std::thread::hardware_concurrency());
}

void Cores::note(int32_t rank) {
  noted_[static_cast<size_t>(rank)].core.store(system::current_core(), std::memory_order_relaxed);
}

void Cores::leave_shared(int32_t rank, int32_t threads) {
  const int32_t here = system::current_core();
  system::CoreSet others;
  for (int32_t other = 0; other < threads; ++other) {
    const int32_t core = noted_[static_cast<size_t>(other)].core.load(std::memory_order_relaxed);
    if (other != rank && core >= 0 && core < system::kMostCores) others.set(static_cast<size_t>(core));
  }
  if (here < 0 || here >= system::kMostCores || !others[static_cast<size_t>(here)]) return;
  system::leave(others);
  note(rank);
}

}  // namespace thalweg
