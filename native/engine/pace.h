// Whether a program's steps go faster by the team or on one thread, from what they have taken lately. Where
// other processes use the cores, the system keeps a thread away for milliseconds, and the others wait for it
// at every barrier: a step may then take a hundred times as long as on one thread. The sums are the same
// either way, so that a loop may change between two steps.
#pragma once

#include <algorithm>
#include <cstdint>

namespace thalweg {

class Pace {
 public:
  // What a step takes on one thread, as it is estimated for an idle machine, in nanoseconds.
  void estimate(double nanoseconds) {
    if (nanoseconds == estimated_) return;
    *this = Pace();
    estimated_ = nanoseconds;
  }

  // Whether steps are to be done on one thread for now.
  bool is_alone(double now) const { return now < alone_until_; }

  // Whether the team has taken so long for this many steps that one thread would have been faster.
  bool is_late(int64_t steps, double nanoseconds) const {
    return nanoseconds > kSlack + static_cast<double>(steps) * most();
  }

  // Steps from which on the clock is to be looked at again: not more often than pays.
  int64_t steps_between_looks() const {
    return 1 + static_cast<int64_t>(kBetweenLooks / std::max(estimated_, 1.0));
  }

  void note_alone(int64_t steps, double nanoseconds, double now) {
    if (steps < 1) return;
    alone_ = nanoseconds / static_cast<double>(steps);
    // The team was late by the estimate. If one thread is no faster, the estimate was wrong.
    if (is_alone(now) && team_ <= alone_) alone_until_ = 0;
  }

  void note_team(int64_t steps, double nanoseconds, double now) {
    if (steps < 1) return;
    team_ = nanoseconds / static_cast<double>(steps);
    if (is_late(steps, nanoseconds)) {
      // The first wait is as long as the lost time, since it may be one interruption. Each later wait is at
      // least twice the one before: trying the team again may cost as much as before.
      const double lost = nanoseconds - static_cast<double>(steps) * most();
      wait_ = std::min(std::max(2 * wait_, lost), kLongest);
      alone_until_ = now + wait_;
      good_ = 0;
      return;
    }
    good_ += nanoseconds;
    if (good_ > kGood) wait_ = 0;
  }

 private:
  // An interruption that is no reason to do without the team.
  static constexpr double kSlack = 2e6;
  static constexpr double kBetweenLooks = 5'000;
  // The team may take this many times what a step has taken on one thread, or is estimated to take.
  static constexpr double kMeasured = 1.2;
  static constexpr double kEstimated = 3;
  // After this long without being late the machine counts as quiet.
  static constexpr double kGood = 20e6;
  // The longest time until the team is tried again.
  static constexpr double kLongest = 1e9;

  double most() const { return alone_ > 0 ? kMeasured * alone_ : kEstimated * estimated_; }

  double estimated_ = 0;
  double alone_ = 0;  // of a step, when it was last done so; 0: never
  double team_ = 0;
  double alone_until_ = 0;
  double wait_ = 0;
  double good_ = 0;  // nanoseconds of the team since it was late
};

}  // namespace thalweg
