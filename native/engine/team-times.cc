#include "team-times.h"

#include <chrono>

namespace thalweg {

constinit TeamTimes team_times;

double now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double, std::nano>(since).count();
}

}  // namespace thalweg
