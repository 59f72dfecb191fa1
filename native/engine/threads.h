// The only owner of threads: how many there are, and the one thread that leads the team.
#pragma once

#include <cstdint>
#include <functional>

#include "../kernels/types.h"
#include "thread-count.h"

namespace thalweg {

// How many threads do a piece of work, and whether it is noted when one thread alone has done it.
struct Crew {
  int32_t threads = 1;
  bool is_noted = false;
};

// Number of threads for work that takes `nanoseconds` on one thread: all `threads` if the time saved exceeds
// the cost of calling them, which is higher while they sleep, and of `waits` barriers; otherwise one. These
// costs are measured when the team is formed, which much work makes it, and whenever it is called.
Crew choose_crew(double nanoseconds, double waits, int32_t threads);

// Runs work(context, team) on this thread and the team's others, and returns when all are done. There is one
// team in the process. Where another thread uses it, the engine's thread waits for its turn, and any other
// thread does the work alone. `work` must not throw. If its threads never wait for each other, this one also
// does the shares of those who have not begun when its own is done: a garbage collector's thread on their
// core may keep them away for milliseconds.
using TeamWork = void (*)(void* context, const Team& team);
void run_on(Crew crew, bool has_barriers, TeamWork work, void* context);

// What it costs a team's threads to wait for each other once, in nanoseconds.
double wait_nanoseconds();

// Has a thread of the engine do something, after what it was given before, and returns at once.
// `work` must not throw; it may call run_on. Throws Error "ERR_BACKEND" where the system gives no thread.
void submit(std::function<void()> work);

// The same for short work, on another thread of the engine and without the team: it need not wait for a long
// run.
void submit_aside(std::function<void()> work);

// Whether the thread of `submit` has something to do.
bool is_engine_busy();

}  // namespace thalweg
