// The threads of a team besides the one that calls. A thread that the system does not give is done without.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace thalweg {

class Followers {
 public:
  // Makes `wanted` threads, each of which calls follow(rank) with a rank of its own from 1 on. Returns how
  // many there are: some fewer than there could be where the system gives no more. Throws std::bad_alloc
  // before it makes any. There are none at that time.
  int32_t make(int32_t wanted, std::function<void(int32_t rank)> follow);

  // Returns when all have ended.
  void join();

 private:
  struct Follower {
    std::thread thread;
    int32_t rank = 0;  // 0: one that got no memory
  };

  void begin(size_t index);

  std::function<void(int32_t)> follow_;
  std::vector<Follower> all_;

  std::mutex mutex_;
  std::condition_variable changed_;
  int32_t tried_ = 0;
  int32_t with_memory_ = 0;
  int32_t kept_ = 0;
  bool is_decided_ = false;
};

}  // namespace thalweg
