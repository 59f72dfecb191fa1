// What a loop's steps take, told to Pace as a quiet and a busy machine would, and what it then says.
#include "../../native/engine/pace.h"

#include <cstdio>

using thalweg::Pace;

namespace {

constexpr double kMilli = 1e6;
int wrong = 0;

void expect(bool holds, const char* what) {
  if (holds) return;
  std::printf("not so: %s\n", what);
  ++wrong;
}

// A machine on which a step takes this long by the team, and on one thread.
struct Machine {
  double team, alone;
  double now = 0;
  int64_t by_team = 0;
  int64_t by_one = 0;

  void step(Pace& pace) {
    if (pace.is_alone(now)) {
      now += alone;
      ++by_one;
      pace.note_alone(1, alone, now);
    } else {
      now += team;
      ++by_team;
      pace.note_team(1, team, now);
    }
  }
};

}  // namespace

int main() {
  {
    Pace pace;
    pace.estimate(0.1 * kMilli);
    Machine quiet{0.06 * kMilli, 0.1 * kMilli};
    for (int i = 0; i < 10'000; ++i) quiet.step(pace);
    expect(quiet.by_one == 0, "on a quiet machine the team does every step");
    quiet.team = 12 * kMilli;
    quiet.step(pace);
    quiet.team = 0.06 * kMilli;
    const double interrupted = quiet.now;
    while (pace.is_alone(quiet.now)) quiet.step(pace);
    expect(quiet.now - interrupted < 13 * kMilli, "an interruption is followed by no more time alone than it took");
    for (int i = 0; i < 10'000; ++i) quiet.step(pace);
    expect(quiet.by_one < 200, "after an interruption the team goes on");
  }
  {
    Pace pace;
    pace.estimate(0.1 * kMilli);
    Machine busy{25 * kMilli, 0.5 * kMilli};
    while (busy.now < 10'000 * kMilli) busy.step(pace);
    expect(static_cast<double>(busy.by_one) * busy.alone > 0.95 * busy.now,
           "on a busy machine one thread does the steps");
    const int64_t before = busy.by_team;
    busy.team = 0.06 * kMilli;
    busy.alone = 0.1 * kMilli;
    const double quiet = busy.now;
    while (busy.by_team == before) busy.step(pace);
    expect(busy.now - quiet < 1'100 * kMilli, "the team is tried again within about a second");
    for (int i = 0; i < 10'000; ++i) busy.step(pace);
    expect(busy.by_team - before == 10'001, "when the machine is quiet again the team does the steps");
  }
  {
    Pace pace;
    pace.estimate(0.1 * kMilli);
    Machine slow{3 * kMilli, 5 * kMilli};  // the estimate is that of another machine
    for (int i = 0; i < 1'000; ++i) slow.step(pace);
    expect(slow.by_one < 3, "where the estimate is wrong, not the machine busy, the team goes on");
  }
  if (wrong == 0) std::printf("as it should be\n");
  return wrong;
}
