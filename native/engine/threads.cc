#include "threads.h"

#include <omp.h>
#include <sched.h>

#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "gate.h"

namespace thalweg {
namespace {

// Cores of a cgroup's quota, or a large number where there is none.
double quota_cores() {
  double quota = 0;
  double period = 0;
  if (std::FILE* file = std::fopen("/sys/fs/cgroup/cpu.max", "r")) {
    const int read = std::fscanf(file, "%lf %lf", &quota, &period);  // "max 100000" reads nothing
    std::fclose(file);
    if (read == 2 && quota > 0 && period > 0) return quota / period;
  }
  return 1e9;
}

std::atomic<int32_t>& thread_setting() {
  static std::atomic<int32_t> count{usable_cores()};
  return count;
}

thread_local bool is_leader = false;

// libgomp keeps a team for each thread that opens a parallel region, so only this one does.
class Leader {
 public:
  // Never destroyed: its thread may outlive the environment, and the process may end in its middle.
  static Leader& instance() {
    static Leader* const leader = new Leader();
    return *leader;
  }

  void submit(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(work));
    wake_.notify_one();
  }

  void run(int32_t threads, TeamWork work, void* context) {
    if (is_leader) return open_region(threads, work, context);
    bool done = false;
    submit([&, this] {
      open_region(threads, work, context);
      const std::lock_guard lock(mutex_);
      done = true;
      finished_.notify_all();
    });
    std::unique_lock lock(mutex_);
    finished_.wait(lock, [&] { return done; });
  }

 private:
  Leader() {
    std::thread([this] { lead(); }).detach();
  }

  void lead() {
    is_leader = true;
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return !jobs_.empty(); });
      {
        const std::function<void()> work = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        work();
      }
      lock.lock();
    }
  }

  static void open_region(int32_t threads, TeamWork work, void* context) {
    std::optional<Gate> gate;
#pragma omp parallel num_threads(threads)
    {
      // The team may be smaller than asked for: only in here is its size known.
#pragma omp single
      gate.emplace(omp_get_num_threads());
      Team team;
      team.rank = omp_get_thread_num();
      team.size = omp_get_num_threads();
      team.gate = &*gate;
      team.wait = [](void* shared) { static_cast<Gate*>(shared)->wait(); };
      work(context, team);
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable finished_;
  std::deque<std::function<void()>> jobs_;
};

}  // namespace

int32_t usable_cores() {
  int32_t cores = static_cast<int32_t>(std::thread::hardware_concurrency());
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof(mask), &mask) == 0) cores = CPU_COUNT(&mask);
  const double quota = std::ceil(quota_cores());
  if (quota < cores) cores = static_cast<int32_t>(quota);
  return cores < 1 ? 1 : cores;
}

int32_t thread_count() { return thread_setting().load(std::memory_order_relaxed); }

void set_thread_count(int32_t count) {
  thread_setting().store(count < 1 ? 1 : count, std::memory_order_relaxed);
}

void run_on_team(int32_t threads, TeamWork work, void* context) {
  Leader::instance().run(threads, work, context);
}

void submit(std::function<void()> work) { Leader::instance().submit(std::move(work)); }

}  // namespace thalweg
