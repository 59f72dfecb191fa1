#include "threads.h"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "error.h"
#include "gate.h"
#include "openmp.h"

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

// asked · 2³² + got, or 0.
std::atomic<uint64_t> shortage{0};

void note_shortage(int32_t asked, int32_t got) {
  int32_t setting = thread_setting().load();
  while (setting > got && !thread_setting().compare_exchange_weak(setting, got)) {
  }
  shortage.store(static_cast<uint64_t>(asked) << 32 | static_cast<uint32_t>(got));
}

using Clock = std::chrono::steady_clock;

double nanoseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::nano>(duration).count();
}

// What it costs to call the team's threads and to hear of their end, when they sleep and when they still
// look out for more, and what it costs them to wait for each other. These until they are measured; more are
// not believed, since the machine was busy.
constexpr double kWakeNanoseconds = 50'000;
constexpr double kCallNanoseconds = 5'000;
constexpr double kWaitNanoseconds = 400;
// Of the threads in step with each other; at work they come one after the other.
constexpr double kLeastWaitNanoseconds = 250;
constexpr double kCaution = 2;
std::atomic<double> wake_nanoseconds{kWakeNanoseconds};
std::atomic<double> call_nanoseconds{kCallNanoseconds};
std::atomic<double> waiting_nanoseconds{kWaitNanoseconds};
std::atomic<bool> is_measured{false};
// So much work is worth to form a team for, only to see what it costs.
constexpr double kWorthMeasuring = 500'000;

// How long the team's threads look out for more before they sleep: of the order of 200 microseconds, which
// is what lies between two products of an eager step, or a little garbage collection.
constexpr int kAwakeSpins = 8'000;
// So soon after the last work they are awake.
constexpr double kAwakeNanoseconds = 120'000;
// When the last work ended that a team did, or would have done if it had been awake, and how many such came
// one soon after the other: so many are worth to be woken for.
std::atomic<double> last_work{-1e18};
std::atomic<int32_t> row_of_works{0};
constexpr int32_t kWorthWaking = 8;

double now() { return nanoseconds(Clock::now().time_since_epoch()); }

thread_local bool is_leader = false;
thread_local int32_t own_rank = 0;
thread_local bool works_alone = false;

// Spins for a moment, since what is waited for often comes at once, and then sleeps: a thread that keeps
// spinning on a busy machine uses up the time that it would need to work.
template <typename T>
void wait_while(const std::atomic<T>& value, T old) {
  for (int spins = 0; spins < kAwakeSpins; ++spins) {
    if (value.load(std::memory_order_acquire) != old) return;
    pause_briefly();
  }
  while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
}

// First come, first served.
class Turns {
 public:
  void take() {
    std::unique_lock lock(mutex_);
    const uint64_t mine = last_++;
    next_.wait(lock, [&] { return mine == first_; });
  }
  // Takes one only where nobody has or awaits one.
  bool try_take() {
    const std::lock_guard lock(mutex_);
    if (first_ != last_) return false;
    ++last_;
    return true;
  }
  void give() {
    const std::lock_guard lock(mutex_);
    ++first_;
    next_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable next_;
  uint64_t first_ = 0;
  uint64_t last_ = 0;
};

class Turn {
 public:
  explicit Turn(Turns& turns) : turns_(turns) { turns_.take(); }
  Turn(Turns& turns, std::try_to_lock_t) : turns_(turns), is_taken_(turns.try_take()) {}
  ~Turn() {
    if (is_taken_) turns_.give();
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  bool is_taken() const { return is_taken_; }

 private:
  Turns& turns_;
  const bool is_taken_ = true;
};

// The thread that forms the team. libgomp keeps a team for each thread that opens a parallel region, so
// only this one does; and since libgomp's own waiting spins for milliseconds, the region stays open and
// its threads wait here for what to do. Whoever has work for them does the first thread's share.
class Leader {
 public:
  // Never destroyed: its thread may outlive the environment, and the process may end in its middle. Null
  // where the system gives no thread for it.
  static Leader* instance() {
    try {
      static Leader* const leader = new Leader();
      return leader;
    } catch (const std::exception&) {
      return nullptr;
    }
  }

  // Before it is done there is a team of so many, or of as many as there can be: the leading thread cannot
  // form one in the middle of a job.
  void submit(std::function<void()> work, int32_t threads) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(work));
    if (threads > wanted_) wanted_ = threads;
    wake_.notify_one();
  }

  // Whether it has a job to do, which may take long.
  bool is_busy() {
    const std::lock_guard lock(mutex_);
    return at_work_ || !jobs_.empty();
  }

  // Returns when there is a team of that many threads, or at once where the leading thread is busy.
  void form(int32_t threads) {
    if (is_leader) return;
    std::unique_lock lock(mutex_);
    if (at_work_ || !jobs_.empty()) return;
    bool done = false;
    jobs_.push_back([&, this] {
      const std::lock_guard inner(mutex_);
      done = true;
      formed_.notify_all();
    });
    if (threads > wanted_) wanted_ = threads;
    wake_.notify_one();
    formed_.wait(lock, [&] { return done; });
  }

  // Only the leading thread waits for its turn. Any other may be JavaScript's, which must go on: where the
  // team has other work, it does its own alone.
  void run(int32_t threads, bool has_barriers, TeamWork work, void* context) {
    if (is_leader) {
      const Turn turn(turns_);
      return share(threads, has_barriers, work, context);
    }
    {
      const Turn turn(turns_, std::try_to_lock);
      if (!turn.is_taken()) return work(context, Team{});
      if (threads <= asked_) return share(threads, has_barriers, work, context);
    }
    form(threads);
    const Turn turn(turns_, std::try_to_lock);
    if (!turn.is_taken() || asked_ == 0) return work(context, Team{});
    share(threads, has_barriers, work, context);
  }

 private:
  Leader() {
    std::thread([this] { lead(); }).detach();
  }

  void lead() {
    is_leader = true;
    ignore_openmp_settings();
    for (;;) {
      int32_t wanted = 1;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return !jobs_.empty(); });
        wanted = wanted_;
      }
      turns_.take();
      const uint32_t round = round_.load(std::memory_order_relaxed);
      const int32_t size = make_room(wanted);
#pragma omp parallel num_threads(size)
      {
        use_all_cores();
        if (omp_get_thread_num() == 0) {
          size_ = omp_get_num_threads();
          if (size_ < wanted) settle_for(size_, wanted);
          asked_ = size_;
          if (size_ > 1) measure();
          if (size_ > 1) is_measured = true;
          turns_.give();
          serve(size_);
          turns_.take();
          asked_ = 0;
          publish({}, size_);
          wait_for_others();
        } else {
          follow(omp_get_thread_num(), round);
        }
      }
      turns_.give();
    }
  }

  // Makes room for what each thread of a team has. Returns how many threads that can be: the team's own,
  // where there is no memory for more.
  int32_t make_room(int32_t wanted) {
    try {
      const int32_t size = size_ + threads_to_be_had(wanted - size_);
      auto tickets = std::make_unique<Ticket[]>(static_cast<size_t>(size));
      cores_ = std::make_unique<Cores>(size);
      tickets_ = std::move(tickets);
      return size;
    } catch (const std::bad_alloc&) {
      return size_;
    }
  }

  // Fewer than were wanted: nobody waits for more.
  void settle_for(int32_t size, int32_t wanted) {
    const std::lock_guard lock(mutex_);
    if (wanted_ == wanted) wanted_ = size;
    note_shortage(wanted, size);
  }

  // Does one job after the other, until one wants a larger team than there is.
  void serve(int32_t asked) {
    for (;;) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return !jobs_.empty(); });
      if (wanted_ > asked) return;
      const std::function<void()> work = std::move(jobs_.front());
      jobs_.pop_front();
      at_work_ = true;
      lock.unlock();
      work();
      lock.lock();
      at_work_ = false;
    }
  }

  void measure() {
    constexpr int kWaits = 32;
    const TeamWork nothing = [](void*, const Team&) {};
    const TeamWork wait_often = [](void*, const Team& team) {
      for (int i = 0; i < kWaits; ++i) team.wait(team.barrier);
    };
    const auto best_of = [this](TeamWork work) {
      double best = 1e9;
      for (int i = 0; i < 8; ++i) {
        const double started = now();
        share(size_, true, work, nullptr);
        best = std::min(best, now() - started);
      }
      return best;
    };
    call_nanoseconds = std::min(best_of(nothing), kCallNanoseconds);
    waiting_nanoseconds = std::clamp(best_of(wait_often) / kWaits, kLeastWaitNanoseconds, kWaitNanoseconds);
  }

  struct Shared {
    TeamWork work = nullptr;  // null: the team is dismissed
    void* context = nullptr;
    Team team;
  };

  // The round in whose work a thread's share is free to be taken: by that thread, or by the caller.
  struct alignas(64) Ticket {
    std::atomic<uint32_t> round{0};
    bool take(uint32_t of) { return round.compare_exchange_strong(of, 0, std::memory_order_acq_rel); }
  };

  // Runs work on as many of the team as are wanted and there; the caller is the first of them.
  void share(int32_t threads, bool has_barriers, TeamWork work, void* context) {
    Team team;
    team.size = threads < size_ ? threads : size_;
    if (team.size == 1) return work(context, team);
    Gate gate(team.size, *cores_);
    cores_->note(0);
    if (has_barriers) {
      team.barrier = &gate;
      team.wait = [](void* shared) { static_cast<Gate*>(shared)->wait(own_rank); };
    }
    const double called = now();
    const bool slept = called - last_work.load(std::memory_order_relaxed) > kAwakeNanoseconds;
    begun_.store(0, std::memory_order_relaxed);
    publish({work, context, team}, team.size);
    work(context, team);
    if (!has_barriers) do_absent(work, context, team);
    wait_for_others();
    const double ended = now();
    last_work.store(ended, std::memory_order_relaxed);
    row_of_works.store(kWorthWaking, std::memory_order_relaxed);
    const double begun = begun_.load(std::memory_order_relaxed);
    const double way = std::min((begun == 0 ? ended : begun) - called, kWakeNanoseconds);
    if (slept) wake_nanoseconds = 0.9 * wake_nanoseconds + 0.1 * way;
  }

  // The shares of those who have not begun.
  void do_absent(TeamWork work, void* context, Team team) {
    const uint32_t round = round_.load(std::memory_order_relaxed);
    for (team.rank = 1; team.rank < team.size; ++team.rank) {
      if (!tickets_[static_cast<size_t>(team.rank)].take(round)) continue;
      work(context, team);
      busy_.fetch_sub(1, std::memory_order_acq_rel);
    }
  }

  void publish(const Shared& shared, int32_t size) {
    shared_ = shared;
    busy_.store(size - 1, std::memory_order_relaxed);
    uint32_t round = round_.load(std::memory_order_relaxed) + 1;
    if (round == 0) ++round;  // 0 is that of a ticket taken
    for (int32_t rank = 1; rank < size; ++rank) {
      tickets_[static_cast<size_t>(rank)].round.store(round, std::memory_order_release);
    }
    round_.store(round, std::memory_order_seq_cst);  // as in Gate::wait
    round_.notify_all();
  }

  // Until they have done their shares, and look at nothing any more.
  void wait_for_others() {
    for (int32_t left = busy_.load(); left != 0; left = busy_.load()) wait_while(busy_, left);
  }

  void follow(int32_t rank, uint32_t round) {
    own_rank = rank;
    for (;;) {
      wait_while(round_, round);
      round = round_.load(std::memory_order_acquire);
      // One who holds no ticket must not look at what is shared: it may be another round's already.
      if (!tickets_[static_cast<size_t>(rank)].take(round)) continue;
      const Shared shared = shared_;
      if (shared.work != nullptr) {
        if (rank == 1) begun_.store(now(), std::memory_order_relaxed);
        Team team = shared.team;
        team.rank = rank;
        cores_->note(rank);
        cores_->leave_shared(rank, team.size);
        shared.work(shared.context, team);
      }
      if (busy_.fetch_sub(1, std::memory_order_seq_cst) == 1) busy_.notify_all();
      if (shared.work == nullptr) return;
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable formed_;
  std::deque<std::function<void()>> jobs_;
  bool at_work_ = false;
  int32_t wanted_ = 1;

  // What follows is used by whose turn it is.
  Turns turns_;
  int32_t asked_ = 0;  // how many threads may be asked of the team; 0 while there is none
  int32_t size_ = 1;   // how many it has, or the last one had
  std::unique_ptr<Cores> cores_ = std::make_unique<Cores>(size_);
  Shared shared_;
  std::unique_ptr<Ticket[]> tickets_ = std::make_unique<Ticket[]>(1);
  alignas(64) std::atomic<uint32_t> round_{0};
  alignas(64) std::atomic<int32_t> busy_{0};
  std::atomic<double> begun_{0};  // when the second thread began; 0 where it has not
};

// The thread for short work that must not wait for the leading thread's: it does it alone.
class Aside {
 public:
  // Never destroyed, as the leader. Null where the system gives no thread for it.
  static Aside* instance() {
    try {
      static Aside* const aside = new Aside();
      return aside;
    } catch (const std::exception&) {
      return nullptr;
    }
  }

  void submit(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(work));
    wake_.notify_one();
  }

 private:
  Aside() {
    std::thread([this] { serve(); }).detach();
  }

  void serve() {
    works_alone = true;
    for (;;) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return !jobs_.empty(); });
      const std::function<void()> work = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      work();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
};

}  // namespace

int32_t usable_cores() {
  int32_t cores = allowed_cores();
  const double quota = std::ceil(quota_cores());
  if (quota < cores) cores = static_cast<int32_t>(quota);
  return cores < 1 ? 1 : cores;
}

int32_t thread_count() { return thread_setting().load(std::memory_order_relaxed); }

void set_thread_count(int32_t count) {
  thread_setting().store(count < 1 ? 1 : count, std::memory_order_relaxed);
}

std::optional<Shortage> take_shortage() {
  if (shortage.load(std::memory_order_relaxed) == 0) return std::nullopt;
  const uint64_t taken = shortage.exchange(0);
  if (taken == 0) return std::nullopt;
  return Shortage{static_cast<int32_t>(taken >> 32), static_cast<int32_t>(taken & UINT32_MAX)};
}

Crew choose_crew(double nanoseconds, double waits, int32_t threads) {
  const Crew team{threads, false};
  if (threads < 2 || works_alone) return {};
  const double saved = nanoseconds * (1 - 1.0 / threads);
  const bool may_pay = saved > kCaution * waits * kLeastWaitNanoseconds;
  if (may_pay && saved > kWorthMeasuring && !is_measured) {
    if (Leader* const leader = Leader::instance()) leader->form(threads);
  }
  // Several times what it costs on a quiet machine: where another process has a core, the team waits for it.
  const double awake =
      kCaution * (call_nanoseconds.load(std::memory_order_relaxed) + waits * wait_nanoseconds());
  if (saved <= awake) return {};
  const bool is_soon = now() - last_work.load(std::memory_order_relaxed) < kAwakeNanoseconds;
  if (!is_soon) row_of_works.store(0, std::memory_order_relaxed);
  if (row_of_works.load(std::memory_order_relaxed) >= kWorthWaking) return team;
  if (saved > awake + kCaution * wake_nanoseconds.load(std::memory_order_relaxed)) return team;
  row_of_works.fetch_add(1, std::memory_order_relaxed);
  return {1, true};
}

void run_on(Crew crew, bool has_barriers, TeamWork work, void* context) {
  if (crew.threads > 1) {
    if (Leader* const leader = Leader::instance()) {
      return leader->run(crew.threads, has_barriers, work, context);
    }
    note_shortage(crew.threads, 1);
  }
  work(context, Team{});
  if (crew.is_noted) last_work.store(now(), std::memory_order_relaxed);
}

double wait_nanoseconds() { return waiting_nanoseconds.load(std::memory_order_relaxed); }

void submit(std::function<void()> work) {
  Leader* const leader = Leader::instance();
  if (leader == nullptr) throw Error("ERR_BACKEND", "program: the system gives no thread to run it on");
  leader->submit(std::move(work), thread_count());
}

void submit_aside(std::function<void()> work) {
  if (Aside* const aside = Aside::instance()) return aside->submit(std::move(work));
  submit(std::move(work));
}

bool is_engine_busy() {
  Leader* const leader = Leader::instance();
  return leader != nullptr && leader->is_busy();
}

}  // namespace thalweg
