// What differs between operating systems: system/linux.cc, system/darwin.cc and system/windows.cc, of which
// one is compiled to something. Where a system does not tell or cannot do something, the answer says so.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>

#include "../kernels/types.h"

namespace thalweg::system {

constexpr int32_t kMostCores = 1024;
using CoreSet = std::bitset<kMostCores>;

// Cores that this thread may run on; 0 where that is unknown.
int32_t allowed_cores();

// Where this thread runs; −1 where that is unknown.
int32_t current_core();

// Has this thread go to a core that is none of these, if it may use one. It may go anywhere afterwards.
void leave(const CoreSet& cores);

// The CPU time that the process's container may use, in cores; infinite where there is no limit.
double quota_cores();

// What is known of a core's caches; the rest is as Caches has it.
Caches caches();

// Null where there is no memory. `alignment` is a power of two.
void* allocate(size_t alignment, size_t bytes);
void release(void* memory);

// Has the whole huge pages within a memory be such, where the system has them for those who ask: of large
// memory that is about to be touched for the first time, a page at a time costs as much as the work.
void ask_for_huge_pages(void* data, size_t bytes);

// Size of such a page; 0 where nobody can ask for them.
constexpr size_t kHugePage =
#if defined(__linux__)
    size_t{2} << 20;
#else
    0;
#endif

// Has the addon stay in memory until the process ends, since its threads run till then.
void stay_loaded();

struct Release {
  void operator()(void* memory) const { release(memory); }
};

}  // namespace thalweg::system
