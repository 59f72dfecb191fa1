// What OpenMP's library does of its own accord: it ends the process where it cannot make a thread, and what
// the environment says of it binds threads to cores, that of JavaScript too.
#pragma once

#include <cstdint>

namespace thalweg {

// Threads that the system gives this process now besides those it has: `wanted`, or some fewer than it could
// have. Found by making them, with stacks as OpenMP would, and so much memory more as it needs. Throws
// std::bad_alloc.
int32_t threads_to_be_had(int32_t wanted);

// Has the teams of this thread be as large as they are asked for, whatever OMP_DYNAMIC and
// OMP_MAX_ACTIVE_LEVELS say. OMP_THREAD_LIMIT stays.
void ignore_openmp_settings();

// Where OMP_PROC_BIND, OMP_PLACES or GOMP_CPU_AFFINITY has bound this thread to one of the places, it may run
// on all of them again. The thread on which the library was loaded is bound at once, and what it starts
// inherits that; one of a team when the team is formed.
void use_all_cores();

}  // namespace thalweg
