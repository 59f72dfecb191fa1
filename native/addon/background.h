// Work on the engine's own thread whose end is told to JavaScript. Nothing here touches JavaScript from
// another thread, and libuv's pool is left alone.
#pragma once

#include <napi.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>

namespace thalweg::addon {

// One an environment. When the environment ends, or the process, work that runs is asked to stop and waited
// for.
class Background {
 public:
  explicit Background(Napi::Env env);
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  ~Background();

  // Which of the engine's threads: the one that leads the team, or the one for short work beside it.
  enum class Lane { team, aside };

  // Runs `work` on the engine's thread, then `finish` on JavaScript's. `work` must not throw. The event loop
  // stays alive until `finish` was called.
  // Throws where that cannot be begun; then neither is called.
  void run(Lane lane, std::function<void()> work, std::function<void(Napi::Env)> finish);

  // True once the environment ends; long work looks at it.
  const std::atomic<bool>& stopping() const { return state_->stopping; }

 private:
  using Finishes = std::list<std::function<void(Napi::Env)>>;

  struct State {
    std::mutex mutex;
    std::condition_variable idle;
    int running = 0;
    Finishes finished;
    std::atomic<bool> stopping{false};
    napi_threadsafe_function wake = nullptr;

    void stop();
  };

  // Node exits without an end of its environments, and a library that is in use, a BLAS, may free its memory
  // then.
  static void stop_at_exit(const std::shared_ptr<State>& state);

  static void drain(napi_env env, napi_value, void* context, void*);
  static void end(void* background);

  napi_env env_;
  int pending_ = 0;  // JavaScript's thread only
  std::shared_ptr<State> state_;
};

}  // namespace thalweg::addon
