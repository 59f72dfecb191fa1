#include "thread-count.h"

#include <atomic>
#include <cmath>

#include "cores.h"
#include "system.h"

namespace thalweg {
namespace {

std::atomic<int32_t>& thread_setting() {
  static std::atomic<int32_t> count{usable_cores()};
  return count;
}

// asked · 2³² + got, or 0.
std::atomic<uint64_t> noted_shortage{0};

}  // namespace

int32_t usable_cores() {
  int32_t cores = allowed_cores();
  const double quota = std::ceil(system::quota_cores());
  if (quota < cores) cores = static_cast<int32_t>(quota);
  return cores < 1 ? 1 : cores;
}

int32_t thread_count() { return thread_setting().load(std::memory_order_relaxed); }

void set_thread_count(int32_t count) {
  thread_setting().store(count < 1 ? 1 : count, std::memory_order_relaxed);
}

void note_shortage(Shortage shortage) {
  int32_t setting = thread_setting().load();
  while (setting > shortage.got && !thread_setting().compare_exchange_weak(setting, shortage.got)) {
  }
  noted_shortage.store(static_cast<uint64_t>(shortage.asked) << 32 | static_cast<uint32_t>(shortage.got));
}

std::optional<Shortage> take_shortage() {
  if (noted_shortage.load(std::memory_order_relaxed) == 0) return std::nullopt;
  const uint64_t taken = noted_shortage.exchange(0);
  if (taken == 0) return std::nullopt;
  return Shortage{static_cast<int32_t>(taken >> 32), static_cast<int32_t>(taken & UINT32_MAX)};
}

}  // namespace thalweg
