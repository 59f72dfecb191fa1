#if defined(_WIN32)

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <malloc.h>
#include <windows.h>

#include <cmath>
#include <limits>
#include <memory>

#include "../system.h"

namespace {

// Γ is negative between an odd whole number below 0 and the next one.
template <typename T>
int sign_of_gamma(T x) {
  return x < 0 && std::fmod(std::floor(x), T{2}) != 0 ? -1 : 1;
}

}  // namespace

extern "C" {

// POSIX's, which Windows' C library lacks. Its own keep no sign, so that threads need not share one.
double lgamma_r(double x, int* sign) { return *sign = sign_of_gamma(x), std::lgamma(x); }
// MinGW's for float is infinite of small numbers.
float lgammaf_r(float x, int* sign) { return static_cast<float>(lgamma_r(x, sign)); }
long double lgammal_r(long double x, int* sign) { return *sign = sign_of_gamma(x), std::lgamma(x); }

}  // extern "C"

namespace thalweg::system {
namespace {

int64_t count_of(uint64_t mask) { return __builtin_popcountll(mask); }

}  // namespace

// Of this thread's group of at most 64 processors.
int32_t allowed_cores() {
  DWORD_PTR mine = 0;
  DWORD_PTR all = 0;
  if (GetProcessAffinityMask(GetCurrentProcess(), &mine, &all) == 0) return 0;
  return static_cast<int32_t>(count_of(mine));
}

int32_t current_core() { return static_cast<int32_t>(GetCurrentProcessorNumber()); }

void leave(const CoreSet& cores) {
  DWORD_PTR allowed = 0;
  DWORD_PTR all = 0;
  if (GetProcessAffinityMask(GetCurrentProcess(), &allowed, &all) == 0) return;
  DWORD_PTR left = allowed;
  for (size_t core = 0; core < 64; ++core) {
    if (cores[core]) left &= ~(DWORD_PTR{1} << core);
  }
  if (left == 0) return;
  if (SetThreadAffinityMask(GetCurrentThread(), left) != 0) {
    SetThreadAffinityMask(GetCurrentThread(), allowed);
  }
}

double quota_cores() { return std::numeric_limits<double>::infinity(); }

Caches caches() {
  Caches result;
  DWORD bytes = 0;
  GetLogicalProcessorInformation(nullptr, &bytes);
  const size_t count = bytes / sizeof(SYSTEM_LOGICAL_PROCESSOR_INFORMATION);
  if (count == 0) return result;
  const auto all = std::make_unique<SYSTEM_LOGICAL_PROCESSOR_INFORMATION[]>(count);
  if (GetLogicalProcessorInformation(all.get(), &bytes) == 0) return result;
  for (size_t i = 0; i < bytes / sizeof(SYSTEM_LOGICAL_PROCESSOR_INFORMATION); ++i) {
    const CACHE_DESCRIPTOR& cache = all[i].Cache;
    if (all[i].Relationship != RelationCache || cache.Type == CacheInstruction || cache.Size == 0) continue;
    if (cache.Level == 1) result.first = cache.Size;
    if (cache.Level == 2) result.second = cache.Size;
    if (cache.Level == 3) result.third = cache.Size / count_of(all[i].ProcessorMask);
  }
  return result;
}

void* allocate(size_t alignment, size_t bytes) { return _aligned_malloc(bytes, alignment); }

void release(void* memory) { _aligned_free(memory); }

void ask_for_huge_pages(void*, size_t) {}

void stay_loaded() {
  HMODULE module = nullptr;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                     reinterpret_cast<LPCWSTR>(&stay_loaded), &module);
}

}  // namespace thalweg::system

#endif
