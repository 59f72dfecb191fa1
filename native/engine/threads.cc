#include "threads.h"

#include <utility>

#include "aside.h"
#include "error.h"
#include "leader.h"
#include "team-times.h"

namespace thalweg {
namespace {

// This many times what a team costs on a quiet machine: where another process has a core, the team waits for
// it.
constexpr double kCaution = 2;
// This much work is worth forming a team for, only to see what it costs.
constexpr double kWorthMeasuring = 500'000;

}  // namespace

Crew choose_crew(double nanoseconds, double waits, int32_t threads) {
  const Crew team{threads, false};
  if (threads < 2 || Aside::is_here()) return {};
  const double saved = nanoseconds * (1 - 1.0 / threads);
  const bool may_pay = saved > kCaution * waits * TeamTimes::kLeastWait;
  if (may_pay && saved > kWorthMeasuring && now() >= team_times.next_look) {
    if (Leader* const leader = Leader::instance()) leader->form(threads);
  }
  const double awake =
      kCaution * (team_times.call.load(std::memory_order_relaxed) + waits * wait_nanoseconds());
  if (saved <= awake) return {};
  const bool is_soon = now() - team_times.last_work.load(std::memory_order_relaxed) < kAwakeNanoseconds;
  if (!is_soon) team_times.row_of_works.store(0, std::memory_order_relaxed);
  if (team_times.row_of_works.load(std::memory_order_relaxed) >= kWorthWaking) return team;
  if (saved > awake + kCaution * team_times.wake.load(std::memory_order_relaxed)) return team;
  team_times.row_of_works.fetch_add(1, std::memory_order_relaxed);
  return {1, true};
}

void run_on(Crew crew, bool has_barriers, TeamWork work, void* context) {
  if (crew.threads > 1) {
    if (Leader* const leader = Leader::instance()) {
      return leader->run(crew.threads, has_barriers, work, context);
    }
    note_shortage({crew.threads, 1});
  }
  work(context, Team{});
  if (crew.is_noted) team_times.last_work.store(now(), std::memory_order_relaxed);
}

double wait_nanoseconds() { return team_times.wait.load(std::memory_order_relaxed); }

void submit(std::function<void()> work) {
  Leader* const leader = Leader::instance();
  if (leader == nullptr) throw Error("ERR_BACKEND", "program: the system gives no thread to run it on");
  leader->submit(std::move(work), thread_count());
}

void submit_aside(std::function<void()> work) {
  if (Aside* const aside = Aside::instance()) return aside->submit(std::move(work));
  submit(std::move(work));
}

bool is_engine_busy() {
  Leader* const leader = Leader::instance();
  return leader != nullptr && leader->is_busy();
}

}  // namespace thalweg
