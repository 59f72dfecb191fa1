// What it takes to have a team's threads work, as it was measured: the choice of threads rests on it.
#pragma once

#include <atomic>
#include <cstdint>

namespace thalweg {

// A time that is measured counts for no more than the one it has at first: then the machine was busy.
struct TeamTimes {
  static constexpr double kWake = 50'000;
  static constexpr double kCall = 5'000;
  static constexpr double kWait = 400;
  // Of threads in step with each other; at work they come one after the other.
  static constexpr double kLeastWait = 250;

  // Nanoseconds from a call of threads that sleep until they have begun.
  std::atomic<double> wake{kWake};
  // To call threads that are awake and to hear of their end.
  std::atomic<double> call{kCall};
  // Of the threads for each other, once.
  std::atomic<double> wait{kWait};
  // From when on the last two are to be measured, or measured again: what was measured in a bad moment must
  // not count for as long as the process lives.
  std::atomic<double> next_look{-1e18};
  // When the last work ended that a team did, or would have done if it had been awake, and how many such
  // works came one soon after the other.
  std::atomic<double> last_work{-1e18};
  std::atomic<int32_t> row_of_works{0};
};

// Of the one team of the process.
extern constinit TeamTimes team_times;

// This many works in a row are worth waking the threads for.
constexpr int32_t kWorthWaking = 8;
// How long after the last work they are awake.
constexpr double kAwakeNanoseconds = 120'000;

// Nanoseconds of a clock that never goes back.
double now();

}  // namespace thalweg
