// Turns at what one thread at a time may use.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace thalweg {

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

}  // namespace thalweg
