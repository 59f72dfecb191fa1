#include "background.h"

#include <cstdlib>
#include <utility>
#include <vector>

#include "../engine/threads.h"
#include "values.h"

namespace thalweg::addon {

Background::Background(Napi::Env env) : env_(env), state_(std::make_shared<State>()) {
  const Napi::String name = Napi::String::New(env, "thalweg");
  const napi_status status = napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr,
                                                             nullptr, this, drain, &state_->wake);
  if (status != napi_ok) throw Napi::Error::New(env);
  napi_unref_threadsafe_function(env, state_->wake);
  napi_add_env_cleanup_hook(env, end, this);
  stop_at_exit(state_);
}

Background::~Background() = default;

// The environment ends: nobody will hear of what still runs, but it must not outlive what it works on.
void Background::end(void* background) {
  State& state = *static_cast<Background*>(background)->state_;
  state.stop();
  state.finished.clear();
}

void Background::State::stop() {
  stopping.store(true);
  std::unique_lock lock(mutex);
  idle.wait(lock, [&] { return running == 0; });
}

void Background::stop_at_exit(const std::shared_ptr<State>& state) {
  struct All {
    std::mutex mutex;
    std::vector<std::weak_ptr<State>> states;
  };
  static All* const all = [] {
    std::atexit([] {
      const std::lock_guard lock(all->mutex);
      for (const std::weak_ptr<State>& one : all->states) {
        if (const std::shared_ptr<State> alive = one.lock()) alive->stop();
      }
    });
    return new All();  // never destroyed, since environments may come and go until the end
  }();
  const std::lock_guard lock(all->mutex);
  std::erase_if(all->states, [](const std::weak_ptr<State>& one) { return one.expired(); });
  all->states.push_back(state);
}

void Background::run(Lane lane, std::function<void()> work, std::function<void(Napi::Env)> finish) {
  {
    const std::lock_guard lock(state_->mutex);
    ++state_->running;
  }
  if (pending_++ == 0) napi_ref_threadsafe_function(env_, state_->wake);
  auto job = [state = state_, work = std::move(work), finish = std::move(finish)]() mutable {
    work();
    work = nullptr;  // what it held is let go before anyone is told
    const std::lock_guard lock(state->mutex);
    state->finished.push_back(std::move(finish));
    if (!state->stopping.load()) napi_call_threadsafe_function(state->wake, nullptr, napi_tsfn_nonblocking);
    --state->running;
    state->idle.notify_all();
  };
  if (lane == Lane::aside) {
    submit_aside(std::move(job));
  } else {
    submit(std::move(job));
  }
}

void Background::drain(napi_env env, napi_value, void* context, void*) {
  if (env == nullptr) return;  // the environment is ending
  auto& self = *static_cast<Background*>(context);
  std::deque<std::function<void(Napi::Env)>> finished;
  {
    const std::lock_guard lock(self.state_->mutex);
    finished.swap(self.state_->finished);
  }
  for (auto& finish : finished) {
    if (--self.pending_ == 0) napi_unref_threadsafe_function(env, self.state_->wake);
    guarded(env, [&] { finish(env); });
  }
}

}  // namespace thalweg::addon
