#if defined(__linux__)

#include <sched.h>
#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

#include "../caches.h"
#include "../system.h"

namespace thalweg::system {
namespace {

static_assert(kMostCores == CPU_SETSIZE);

std::string first_line(const std::string& path) {
  char line[256] = "";
  if (std::FILE* file = std::fopen(path.c_str(), "r")) {
    if (std::fgets(line, sizeof(line), file) == nullptr) line[0] = '\0';
    std::fclose(file);
  }
  line[std::strcspn(line, "\n")] = '\0';
  return line;
}

// How many "0-3,8" are.
int64_t count_of(const std::string& list) {
  int64_t count = 0;
  for (const char* at = list.c_str(); *at != '\0';) {
    char* end = nullptr;
    const long first = std::strtol(at, &end, 10);
    if (end == at) break;
    long last = first;
    if (*end == '-') last = std::strtol(end + 1, &end, 10);
    count += last - first + 1;
    at = *end == ',' ? end + 1 : end;
  }
  return count < 1 ? 1 : count;
}

}  // namespace

int32_t allowed_cores() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  return sched_getaffinity(0, sizeof(mask), &mask) == 0 ? CPU_COUNT(&mask) : 0;
}

int32_t current_core() { return sched_getcpu(); }

void leave(const CoreSet& cores) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
  cpu_set_t left;
  CPU_ZERO(&left);
  for (int core = 0; core < kMostCores; ++core) {
    if (CPU_ISSET(core, &allowed) && !cores[static_cast<size_t>(core)]) CPU_SET(core, &left);
  }
  if (CPU_COUNT(&left) == 0) return;
  if (sched_setaffinity(0, sizeof(left), &left) == 0) sched_setaffinity(0, sizeof(allowed), &allowed);
}

double quota_cores() {
  double quota = 0;
  double period = 0;
  if (std::FILE* file = std::fopen("/sys/fs/cgroup/cpu.max", "r")) {
    const int read = std::fscanf(file, "%lf %lf", &quota, &period);  // "max 100000" reads nothing
    std::fclose(file);
    if (read == 2 && quota > 0 && period > 0) return quota / period;
  }
  return std::numeric_limits<double>::infinity();
}

Caches caches() {
  Caches result;
  for (int index = 0; index < 16; ++index) {
    const std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
    const std::string level = first_line(folder + "level");
    const std::string size = first_line(folder + "size");
    const char* text = size.c_str();
    const int64_t bytes = read_bytes(text);
    if (level.size() != 1 || bytes == 0 || first_line(folder + "type") == "Instruction") continue;
    if (level == "1") result.first = bytes;
    if (level == "2") result.second = bytes;
    if (level == "3") result.third = bytes / count_of(first_line(folder + "shared_cpu_list"));
  }
  return result;
}

void ask_for_huge_pages([[maybe_unused]] void* data, [[maybe_unused]] size_t bytes) {
#if defined(MADV_HUGEPAGE)
  const auto at = reinterpret_cast<uintptr_t>(data);
  const uintptr_t begin = (at + kHugePage - 1) / kHugePage * kHugePage;
  const uintptr_t end = (at + bytes) / kHugePage * kHugePage;
  // Where it is refused, pages stay small.
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

void stay_loaded() {}  // the linker's flag does it

}  // namespace thalweg::system

#endif
