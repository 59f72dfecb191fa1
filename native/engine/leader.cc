#include "leader.h"

#include <algorithm>
#include <exception>
#include <new>
#include <thread>
#include <utility>

#include "team-times.h"

namespace thalweg {
namespace {

// How often the team's threads look for more work before they sleep: for about 200 microseconds, which is
// what lies between two products of an eager step, or a little garbage collection.
constexpr int kAwakeSpins = 8'000;

// A team's times are measured again so soon, and then each time after this many times its age.
constexpr double kSoonestLook = 10e6;
constexpr double kLaterLook = 4;

thread_local bool is_leader = false;
thread_local int32_t own_rank = 0;

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

}  // namespace

Leader* Leader::instance() {
  try {
    static Leader* const leader = new Leader();
    return leader;
  } catch (const std::exception&) {
    return nullptr;
  }
}

void Leader::submit(std::function<void()> work, int32_t threads) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back(std::move(work));
  if (threads > wanted_) wanted_ = threads;
  wake_.notify_one();
}

bool Leader::is_busy() {
  const std::lock_guard lock(mutex_);
  return at_work_ || !jobs_.empty();
}

void Leader::form(int32_t threads) {
  if (is_leader) return;
  std::unique_lock lock(mutex_);
  if (at_work_ || !jobs_.empty()) return;
  bool done = false;
  jobs_.push_back([&, this] {
    measure_again();
    const std::lock_guard inner(mutex_);
    done = true;
    formed_.notify_all();
  });
  if (threads > wanted_) wanted_ = threads;
  wake_.notify_one();
  formed_.wait(lock, [&] { return done; });
}

void Leader::run(int32_t threads, bool has_barriers, TeamWork work, void* context) {
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

Leader::Leader() {
  std::thread([this] { lead(); }).detach();
}

void Leader::lead() {
  is_leader = true;
  for (;;) {
    int32_t wanted = 1;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return !jobs_.empty(); });
      wanted = wanted_;
    }
    turns_.take();
    hire(wanted);
    if (size_ < wanted) settle_for(size_, wanted);
    asked_ = size_;
    if (size_ > 1) {
      formed_at_ = now();
      team_times.call = TeamTimes::kCall;
      team_times.wait = TeamTimes::kWait;
      measure();
    }
    turns_.give();
    serve(size_);
    turns_.take();
    asked_ = 0;
    publish({}, size_);
    followers_.join();
    turns_.give();
  }
}

// Forms a team of `wanted` threads. It has fewer if the system gives no more.
void Leader::hire(int32_t wanted) {
  const uint32_t round = round_.load(std::memory_order_relaxed);
  const int32_t size = make_room(wanted);
  size_ = 1;
  try {
    size_ += followers_.make(size - 1, [this, round](int32_t rank) { follow(rank, round); });
  } catch (const std::bad_alloc&) {
  }
}

// Makes room for what each thread of a team has. Returns how many threads that can be: as many as the last
// team had, where there is no memory for more.
int32_t Leader::make_room(int32_t wanted) {
  try {
    auto tickets = std::make_unique<Ticket[]>(static_cast<size_t>(wanted));
    auto nodes = std::make_unique<BarrierNode[]>(static_cast<size_t>(Barrier::nodes_for(wanted)));
    cores_ = std::make_unique<Cores>(wanted);
    nodes_ = std::move(nodes);
    tickets_ = std::move(tickets);
    return wanted;
  } catch (const std::bad_alloc&) {
    return size_;
  }
}

// Fewer than were wanted: nobody waits for more.
void Leader::settle_for(int32_t size, int32_t wanted) {
  const std::lock_guard lock(mutex_);
  if (wanted_ == wanted) wanted_ = size;
  note_shortage({wanted, size});
}

// Does one job after the other, until one wants a larger team than there is.
void Leader::serve(int32_t asked) {
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

void Leader::measure_again() {
  if (size_ == 1 || now() < team_times.next_look) return;
  const Turn turn(turns_);
  measure();
}

// The least times that were seen count: those of a machine on which nothing else runs.
void Leader::measure() {
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
  team_times.call = std::min(best_of(nothing), team_times.call.load());
  team_times.wait = std::clamp(best_of(wait_often) / kWaits, TeamTimes::kLeastWait, team_times.wait.load());
  const double looked = now();
  team_times.next_look = looked + std::max(kSoonestLook, (kLaterLook - 1) * (looked - formed_at_));
}

// Runs work on as many of the team as are wanted and there; the caller is the first of them.
void Leader::share(int32_t threads, bool has_barriers, TeamWork work, void* context) {
  Team team;
  team.size = threads < size_ ? threads : size_;
  if (team.size == 1) return work(context, team);
  Barrier barrier(team.size, *cores_, nodes_.get());
  cores_->note(0);
  if (has_barriers) {
    team.barrier = &barrier;
    team.wait = [](void* shared) { static_cast<Barrier*>(shared)->wait(own_rank); };
  }
  const double called = now();
  const bool slept = called - team_times.last_work.load(std::memory_order_relaxed) > kAwakeNanoseconds;
  begun_.store(0, std::memory_order_relaxed);
  publish({work, context, team}, team.size);
  work(context, team);
  if (!has_barriers) do_absent(work, context, team);
  wait_for_others();
  const double ended = now();
  team_times.last_work.store(ended, std::memory_order_relaxed);
  team_times.row_of_works.store(kWorthWaking, std::memory_order_relaxed);
  const double begun = begun_.load(std::memory_order_relaxed);
  const double way = std::min((begun == 0 ? ended : begun) - called, TeamTimes::kWake);
  if (slept) team_times.wake = 0.9 * team_times.wake + 0.1 * way;
}

// The shares of those who have not begun.
void Leader::do_absent(TeamWork work, void* context, Team team) {
  const uint32_t round = round_.load(std::memory_order_relaxed);
  for (team.rank = 1; team.rank < team.size; ++team.rank) {
    if (!tickets_[static_cast<size_t>(team.rank)].take(round)) continue;
    work(context, team);
    busy_.fetch_sub(1, std::memory_order_acq_rel);
  }
}

void Leader::publish(const Shared& shared, int32_t size) {
  shared_ = shared;
  busy_.store(size - 1, std::memory_order_relaxed);
  uint32_t round = round_.load(std::memory_order_relaxed) + 1;
  if (round == 0) ++round;  // 0 is that of a ticket taken
  for (int32_t rank = 1; rank < size; ++rank) {
    tickets_[static_cast<size_t>(rank)].round.store(round, std::memory_order_release);
  }
  round_.store(round, std::memory_order_seq_cst);  // as in Barrier::wait
  round_.notify_all();
}

// Until they have done their shares, and look at nothing any more.
void Leader::wait_for_others() {
  for (int32_t left = busy_.load(); left != 0; left = busy_.load()) wait_while(busy_, left);
}

void Leader::follow(int32_t rank, uint32_t round) {
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

}  // namespace thalweg
