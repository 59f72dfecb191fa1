// How many threads there are to be: what the machine has, what was asked for and what the system gave.
#pragma once

#include <cstdint>
#include <optional>

namespace thalweg {

// Cores that this process may use: the smaller of its affinity mask and its container's CPU quota,
// rounded up.
int32_t usable_cores();

int32_t thread_count();
void set_thread_count(int32_t count);  // at least 1

// The system may give fewer threads than were asked for. Their number is the setting from then on, and the
// first who asks is told.
struct Shortage {
  int32_t asked, got;
};
void note_shortage(Shortage shortage);
std::optional<Shortage> take_shortage();

}  // namespace thalweg
