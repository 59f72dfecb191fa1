// A noisy neighbour, as a virtual machine has them: it takes a core for 1 ms in every 5.
// Usage: noise KINDS SEED, where KINDS is "pause", "cache" or both with a comma: each takes a core in its own
// windows, for itself. It says how it is scheduled when it is ready, and ends with its standard input.
//   pause: keeps the core and touches no memory.
//   cache: walks through memory twice the size of the third-level cache, and writes it.
#include <sched.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

constexpr int64_t kWindowMicros = 5000;
constexpr int64_t kBusyMicros = 1000;
constexpr int64_t kLine = 64;
constexpr int64_t kLinesAtATime = 256;
constexpr int64_t kUnknownCache = 32 << 20;

// Bytes of the third-level cache.
static int64_t cache_bytes() {
  for (int index = 0; index < 8; index++) {
    const std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
    int level = 0;
    long long size = 0;
    char unit = ' ';
    if (std::FILE* file = std::fopen((folder + "level").c_str(), "r")) {
      if (std::fscanf(file, "%d", &level) != 1) level = 0;
      std::fclose(file);
    }
    if (level != 3) continue;
    if (std::FILE* file = std::fopen((folder + "size").c_str(), "r")) {
      const int read = std::fscanf(file, "%lld%c", &size, &unit);
      std::fclose(file);
      if (read >= 1 && size > 0) return size << (unit == 'K' ? 10 : unit == 'M' ? 20 : 0);
    }
  }
  return kUnknownCache;
}

static std::vector<int> allowed_cores() {
  cpu_set_t set;
  std::vector<int> cores;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cores;
  for (int core = 0; core < CPU_SETSIZE; core++) {
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  }
  return cores;
}

static void run_on(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  sched_setaffinity(0, sizeof set, &set);
}

// In each window, at a random time of it, on a random core.
template <typename Busy>
[[noreturn]] static void disturb(uint32_t seed, const std::vector<int>& cores, Busy busy) {
  std::mt19937 draw(seed);
  auto window = Clock::now();
  for (;;) {
    // The remainders are the same on every machine; std's distributions need not be.
    const auto start = window + microseconds(draw() % (kWindowMicros - kBusyMicros));
    const uint32_t at = draw();
    std::this_thread::sleep_until(start);
    if (!cores.empty()) run_on(cores[at % cores.size()]);
    const auto end = Clock::now() + microseconds(kBusyMicros);
    while (Clock::now() < end) busy();
    window += microseconds(kWindowMicros);
  }
}

// Before all others, where the system allows it: a host that takes a core does not ask either.
static const char* come_first() {
  sched_param most{};
  most.sched_priority = 1;
  if (sched_setscheduler(0, SCHED_FIFO, &most) == 0) return "first";
  if (setpriority(PRIO_PROCESS, 0, -20) == 0) return "niced";
  return "as others";
}

int main(int count, char** words) {
  if (count != 3) {
    std::fprintf(stderr, "usage: noise pause|cache|pause,cache SEED\n");
    return 2;
  }
  const std::string kinds = words[1];
  const uint32_t seed = static_cast<uint32_t>(std::strtoul(words[2], nullptr, 10));
  const std::vector<int> cores = allowed_cores();
  std::vector<char> memory;
  if (kinds.find("cache") != std::string::npos) memory.resize(static_cast<size_t>(2 * cache_bytes()), 1);
  const char* scheduled = come_first();
  if (kinds.find("pause") != std::string::npos) {
    std::thread([&cores, seed] { disturb(2 * seed, cores, [] {}); }).detach();
  }
  if (!memory.empty()) {
    std::thread([&cores, &memory, seed] {
      size_t at = 0;
      disturb(2 * seed + 1, cores, [&memory, &at] {
        for (int64_t i = 0; i < kLinesAtATime; i++) {
          memory[at] = static_cast<char>(memory[at] + 1);
          at += kLine;
          if (at >= memory.size()) at = 0;
        }
      });
    }).detach();
  }
  std::printf("%s\n", scheduled);
  std::fflush(stdout);
  char none[64];
  ssize_t got = 0;
  do got = read(0, none, sizeof none);
  while (got > 0 || (got < 0 && errno == EINTR));
  _exit(0);
}
