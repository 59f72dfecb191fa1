// The only owner of threads: how many there are, and the one thread that leads the OpenMP team.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "../kernels/types.h"

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
std::optional<Shortage> take_shortage();

// How many threads do a piece of work, and whether it is noted when one thread alone has done it.
struct Crew {
  int32_t threads = 1;
  bool is_noted = false;
};

// Those of `threads` who do work of `nanoseconds`, as one thread would: all, where that takes so much less
// time that it is worth the `waits` for each other and the call to them, which costs more where they sleep.
// What these cost was measured when the team was formed, which it is for much work, and when it was last
// called.
Crew choose_crew(double nanoseconds, double waits, int32_t threads);

// Runs work(context, team) on this thread and the team's others, and returns when all are done. There is one
// team in the process: where another thread uses it, one that is not the engine's does the work alone, and
// the engine's waits for its turn. `work` must not throw. Where its threads never wait for each other, this
// one also does the share of those who have not come when its own is done: what runs on their core, a garbage
// collector's thread say, may keep them away for milliseconds.
using TeamWork = void (*)(void* context, const Team& team);
void run_on(Crew crew, bool has_barriers, TeamWork work, void* context);

// What it costs a team's threads to wait for each other once, in nanoseconds.
double wait_nanoseconds();

// Has a thread of the engine do something, behind what it was given before, and returns at once.
// `work` must not throw; it may call run_on. Throws Error "ERR_BACKEND" where the system gives no thread.
void submit(std::function<void()> work);

// The same for short work, on another thread of the engine and without the team: it need not wait for a long
// run.
void submit_aside(std::function<void()> work);

// Whether the thread of `submit` has something to do.
bool is_engine_busy();

}  // namespace thalweg
