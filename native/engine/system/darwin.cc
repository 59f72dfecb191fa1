#if defined(__APPLE__)

#include <dlfcn.h>
#include <sys/sysctl.h>

#include <limits>

#include "../system.h"

namespace thalweg::system {
namespace {

// 0 where the system has no number of that name.
int64_t number(const char* name) {
  int64_t value = 0;  // a 32-bit number fills the lower half
  size_t size = sizeof(value);
  return sysctlbyname(name, &value, &size, nullptr, 0) == 0 ? value : 0;
}

// A number of the fast cores, if there are two kinds, or else of all.
int64_t number_of_fast_cores(const char* fast, const char* all) {
  const int64_t value = number(fast);
  return value > 0 ? value : number(all);
}

}  // namespace

// Threads cannot be bound to cores here. The slow cores are left out, since a team waits for its last thread.
int32_t allowed_cores() {
  return static_cast<int32_t>(number_of_fast_cores("hw.perflevel0.logicalcpu", "hw.activecpu"));
}

int32_t current_core() { return -1; }

void leave(const CoreSet&) {}

double quota_cores() { return std::numeric_limits<double>::infinity(); }

Caches caches() {
  Caches result;
  const int64_t first = number_of_fast_cores("hw.perflevel0.l1dcachesize", "hw.l1dcachesize");
  const int64_t second = number_of_fast_cores("hw.perflevel0.l2cachesize", "hw.l2cachesize");
  const int64_t third = number("hw.l3cachesize");
  if (first > 0) result.first = first;
  if (second > 0) {
    const int64_t sharers = number("hw.perflevel0.cpusperl2");
    result.second = sharers > 1 ? second / sharers : second;
  }
  if (third > 0 && allowed_cores() > 0) result.third = third / allowed_cores();
  return result;
}

void ask_for_huge_pages(void*, size_t) {}

void stay_loaded() {
  Dl_info info;
  if (dladdr(reinterpret_cast<const void*>(&stay_loaded), &info) == 0) return;
  dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

}  // namespace thalweg::system

#endif
