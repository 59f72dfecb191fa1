#include "openmp.h"

#include <omp.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <cctype>
#include <condition_variable>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <vector>

namespace thalweg {
namespace {

// What kernels have on the stack fits in musl's, which is the smallest that is any system's own.
constexpr uint64_t kLeastStack = 128 << 10;
// What the library takes for a team, and what a thread takes when it begins, with much to spare.
constexpr size_t kTeamBytes = 1 << 20;
constexpr size_t kThreadBytes = 8 << 10;
// At its limit a process leaves one thread and such a share of the others to whoever wants one next.
constexpr int32_t kSpareShare = 8;

// Bytes of "4 M", "512k" or "64", which is in KiB, as OpenMP has them; 0 for anything else.
uint64_t stack_bytes(const char* text) {
  if (text == nullptr) return 0;
  char* end = nullptr;
  const uint64_t number = std::strtoull(text, &end, 10);
  if (end == text) return 0;
  while (std::isspace(static_cast<unsigned char>(*end)) != 0) ++end;
  switch (std::tolower(static_cast<unsigned char>(*end))) {
    case 'b':
      return number;
    case '\0':
    case 'k':
      return number << 10;
    case 'm':
      return number << 20;
    case 'g':
      return number << 30;
    default:
      return 0;
  }
}

// The stack that OpenMP gives its threads, or 0 for the system's own.
uint64_t stack_setting() {
  const uint64_t bytes = stack_bytes(std::getenv("OMP_STACKSIZE"));
  return bytes > 0 ? bytes : stack_bytes(std::getenv("GOMP_STACKSIZE"));
}

struct Attributes {
  Attributes() { pthread_attr_init(&all); }
  ~Attributes() { pthread_attr_destroy(&all); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  pthread_attr_t all;
};

// Threads that take the memory that one takes. None ends before all have tried, since the next would have its
// memory.
struct Trial {
  std::mutex mutex;
  std::condition_variable changed;
  int32_t tried = 0;
  int32_t with_memory = 0;
  bool is_over = false;

  static void* run(void* trial) {
    auto& self = *static_cast<Trial*>(trial);
    void* volatile memory = std::malloc(kThreadBytes);  // volatile: a compiler may leave it out
    {
      std::unique_lock lock(self.mutex);
      ++self.tried;
      if (memory != nullptr) ++self.with_memory;
      self.changed.notify_all();
      self.changed.wait(lock, [&] { return self.is_over; });
    }
    std::free(memory);
    return nullptr;
  }
};

// The cores of all places, or none where OpenMP knows no places.
cpu_set_t cores_of_places() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  std::vector<int> ids;
  for (int place = 0; place < omp_get_num_places(); ++place) {
    ids.resize(static_cast<size_t>(omp_get_place_num_procs(place)));
    omp_get_place_proc_ids(place, ids.data());
    for (const int id : ids) {
      if (id >= 0 && id < CPU_SETSIZE) CPU_SET(id, &cores);
    }
  }
  return cores;
}

}  // namespace

int32_t threads_to_be_had(int32_t wanted) {
  if (wanted < 1) return 0;
  Attributes attributes;
  if (const uint64_t stack = stack_setting(); stack > 0) {
    if (stack < kLeastStack) return 0;
    pthread_attr_setstacksize(&attributes.all, stack);
  }
  const std::unique_ptr<std::byte[]> team(new std::byte[kTeamBytes]);
  std::vector<pthread_t> threads;
  threads.reserve(static_cast<size_t>(wanted));
  Trial trial;
  for (int32_t i = 0; i < wanted; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, &attributes.all, Trial::run, &trial) != 0) break;
    threads.push_back(thread);
  }
  const auto made = static_cast<int32_t>(threads.size());
  {
    std::unique_lock lock(trial.mutex);
    trial.changed.wait(lock, [&] { return trial.tried == made; });
    trial.is_over = true;
    trial.changed.notify_all();
  }
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
  const int32_t had = trial.with_memory;
  return had == wanted ? had : std::max(0, had - 1 - had / kSpareShare);
}

void ignore_openmp_settings() {
  omp_set_dynamic(0);
  omp_set_max_active_levels(1);
}

void use_all_cores() {
  if (omp_get_num_places() == 0) return;
  static const cpu_set_t cores = cores_of_places();
  cpu_set_t mine;
  CPU_ZERO(&mine);
  if (sched_getaffinity(0, sizeof(mine), &mine) != 0) return;
  cpu_set_t both;
  CPU_AND(&both, &mine, &cores);
  if (CPU_EQUAL(&both, &mine)) sched_setaffinity(0, sizeof(cores), &cores);
}

}  // namespace thalweg
