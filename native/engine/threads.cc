#include "threads.h"

#include <omp.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <memory>
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

using Clock = std::chrono::steady_clock;

double nanoseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::nano>(duration).count();
}

// What it costs to hand work to the team's leader and to hear of its end, and for the team's threads to
// wait for each other. These until they are measured; more are not believed, since the machine was busy.
constexpr double kWayNanoseconds = 50'000;
constexpr double kWaitNanoseconds = 1'000;
constexpr double kCaution = 3;
std::atomic<double> way_nanoseconds{kWayNanoseconds};
std::atomic<double> waiting_nanoseconds{kWaitNanoseconds};

thread_local bool is_leader = false;
thread_local int32_t own_rank = 0;

// Spins for a moment, since what is waited for often comes at once, and then sleeps: a thread that keeps
// spinning on a busy machine uses up the time that it would need to work.
template <typename T>
void wait_while(const std::atomic<T>& value, T old) {
  for (int spins = 0; spins < kSpins; ++spins) {
    if (value.load(std::memory_order_acquire) != old) return;
    pause_briefly();
  }
  while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
}

// The thread that leads the team. libgomp keeps a team for each thread that opens a parallel region, so
// only this one does; and since libgomp's own waiting spins for milliseconds, the region stays open and
// its threads wait here for what to do.
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
    if (is_leader) return share(threads, work, context);
    bool done = false;
    const Clock::time_point called = Clock::now();
    Clock::time_point begun;
    Clock::time_point ended;
    {
      const std::lock_guard lock(mutex_);
      if (threads > wanted_) wanted_ = threads;
    }
    submit([&, this] {
      begun = Clock::now();
      share(threads, work, context);
      ended = Clock::now();
      const std::lock_guard lock(mutex_);
      done = true;
      finished_.notify_all();
    });
    std::unique_lock lock(mutex_);
    finished_.wait(lock, [&] { return done; });
    // The shortest way of late: one behind other work says nothing, and neither does one long ago.
    const double way = nanoseconds(begun - called) + nanoseconds(Clock::now() - ended);
    way_nanoseconds = std::min({way, 1.1 * way_nanoseconds, kWayNanoseconds});
  }

 private:
  Leader() {
    std::thread([this] { lead(); }).detach();
  }

  void lead() {
    is_leader = true;
    for (;;) {
      int32_t size = 1;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return !jobs_.empty(); });
        size = wanted_;
      }
      const uint32_t round = round_.load(std::memory_order_relaxed);
#pragma omp parallel num_threads(size)
      {
        if (omp_get_thread_num() == 0) {
          size_ = omp_get_num_threads();
          cores_ = std::make_unique<Cores>(size_);
          if (size_ > 1) measure_wait();
          serve(size);
          publish({});
        } else {
          follow(omp_get_thread_num(), round);
        }
      }
    }
  }

  // Does one job after the other, until one wants a larger team than was asked for.
  void serve(int32_t asked) {
    for (;;) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return !jobs_.empty(); });
      if (wanted_ > asked) return;
      const std::function<void()> work = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      work();
    }
  }

  void measure_wait() {
    constexpr int kWaits = 32;
    const TeamWork wait_often = [](void*, const Team& team) {
      for (int i = 0; i < kWaits; ++i) team.wait(team.gate);
    };
    double best = kWaitNanoseconds;
    for (int i = 0; i < 8; ++i) {
      const Clock::time_point started = Clock::now();
      share(size_, wait_often, nullptr);
      best = std::min(best, nanoseconds(Clock::now() - started) / kWaits);
    }
    waiting_nanoseconds = best;
  }

  struct Shared {
    TeamWork work = nullptr;  // null: the team is dismissed
    void* context = nullptr;
    Team team;
  };

  // On the leading thread: runs work on as many of the team as are wanted and there.
  void share(int32_t threads, TeamWork work, void* context) {
    Team team;
    team.size = threads < size_ ? threads : size_;
    if (team.size == 1) return work(context, team);
    Gate gate(team.size, *cores_);
    cores_->note(0);
    team.gate = &gate;
    team.wait = [](void* shared) { static_cast<Gate*>(shared)->wait(own_rank); };
    publish({work, context, team});
    work(context, team);
    for (int32_t left = busy_.load(); left != 0; left = busy_.load()) wait_while(busy_, left);
  }

  void publish(const Shared& shared) {
    shared_ = shared;
    busy_.store(size_ - 1, std::memory_order_relaxed);
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
  }

  void follow(int32_t rank, uint32_t round) {
    own_rank = rank;
    for (;;) {
      wait_while(round_, round++);
      const Shared shared = shared_;
      if (shared.work == nullptr) return;
      if (rank < shared.team.size) {
        Team team = shared.team;
        team.rank = rank;
        cores_->note(rank);
        cores_->leave_shared(rank, team.size);
        shared.work(shared.context, team);
      }
      if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) busy_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable finished_;
  std::deque<std::function<void()>> jobs_;
  int32_t wanted_ = 1;

  int32_t size_ = 1;  // of the team that there is
  std::unique_ptr<Cores> cores_;
  Shared shared_;
  alignas(64) std::atomic<uint32_t> round_{0};
  alignas(64) std::atomic<int32_t> busy_{0};
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

bool is_worth_a_team(double nanoseconds, double waits, int32_t threads) {
  if (threads < 2) return false;
  const double way = is_leader ? 0 : way_nanoseconds.load(std::memory_order_relaxed);
  const double saved = nanoseconds * (1 - 1.0 / threads);
  // Several times what it costs on a quiet machine: where another process has a core, the team waits for it.
  return saved > kCaution * (way + waits * wait_nanoseconds());
}

double wait_nanoseconds() { return waiting_nanoseconds.load(std::memory_order_relaxed); }

void submit(std::function<void()> work) { Leader::instance().submit(std::move(work)); }

}  // namespace thalweg
