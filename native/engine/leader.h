// The thread that forms the team. One team serves the whole process; its threads wait here for work. Whoever
// has work for them does the first thread's share.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "barrier.h"
#include "cores.h"
#include "followers.h"
#include "threads.h"
#include "turns.h"

namespace thalweg {

class Leader {
 public:
  // Never destroyed: its thread may outlive the environment, and the process may end while it works. Null
  // where the system gives no thread for it.
  static Leader* instance();

  // Has the leading thread do a job after those before. There is a team of this many threads by then, or of
  // as many as there can be: the leading thread cannot form one in the middle of a job.
  void submit(std::function<void()> work, int32_t threads);

  // Whether it has a job to do, which may take long.
  bool is_busy();

  // Returns when there is a team of that many threads, whose times are measured again if that is due, or at
  // once where the leading thread is busy.
  void form(int32_t threads);

  // Only the leading thread waits for its turn. Any other may be JavaScript's, which must go on: where the
  // team has other work, it does its own alone.
  void run(int32_t threads, bool has_barriers, TeamWork work, void* context);

 private:
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

  Leader();
  void lead();
  void hire(int32_t wanted);
  int32_t make_room(int32_t wanted);
  void settle_for(int32_t size, int32_t wanted);
  void serve(int32_t asked);
  void measure();
  void measure_again();
  void share(int32_t threads, bool has_barriers, TeamWork work, void* context);
  void do_absent(TeamWork work, void* context, Team team);
  void publish(const Shared& shared, int32_t size);
  void wait_for_others();
  void follow(int32_t rank, uint32_t round);

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
  double formed_at_ = 0;
  Followers followers_;
  std::unique_ptr<Cores> cores_ = std::make_unique<Cores>(size_);
  std::unique_ptr<BarrierNode[]> nodes_;
  Shared shared_;
  std::unique_ptr<Ticket[]> tickets_ = std::make_unique<Ticket[]>(1);
  alignas(64) std::atomic<uint32_t> round_{0};
  alignas(64) std::atomic<int32_t> busy_{0};
  std::atomic<double> begun_{0};  // when the second thread began; 0 where it has not
};

}  // namespace thalweg
