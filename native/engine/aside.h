// The thread for short work that must not wait for the leading thread's: it does it alone.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

namespace thalweg {

class Aside {
 public:
  // Never destroyed, as the leader. Null where the system gives no thread for it.
  static Aside* instance();

  // Whether the calling thread is this one.
  static bool is_here();

  void submit(std::function<void()> work);

 private:
  Aside();
  void serve();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
};

}  // namespace thalweg
