#include "background.h"

#include <cstdlib>
#include <utility>
#include <vector>

#include "../engine/threads.h"
#include "values.h"

namespace thalweg::addon {

Background::Background(Napi::Env env) : env_(env), state_(std::make_shared<State>()) {
  const Napi::String name = Napi::String::New(env, "thalweg");
  stop_at_exit(state_);  // may find no memory: before there is anything to undo
  const napi_status status = napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr,
                                                             nullptr, this, drain, &state_->wake);
  if (status != napi_ok) throw Napi::Error::New(env);
  napi_unref_threadsafe_function(env, state_->wake);
  napi_add_env_cleanup_hook(env, end, this);
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
    auto made = std::make_unique<All>();
    std::atexit([] {
      const std::lock_guard lock(all->mutex);
      for (const std::weak_ptr<State>& one : all->states) {
        if (const std::shared_ptr<State> alive = one.lock()) alive->stop();
      }
    });
    return made.release();  // never destroyed, since environments may come and go until the end
  }();
  const std::lock_guard lock(all->mutex);
  std::erase_if(all->states, [](const std::weak_ptr<State>& one) { return one.expired(); });
  all->states.push_back(state);
}

void Background::run(Lane lane, std::function<void()> work, std::function<void(Napi::Env)> finish) {
  struct Job {
    std::function<void()> work;
    Finishes finish;  // one, in the place that it will have among the finished: to move it takes no memory
  };
  const auto job = std::make_shared<Job>();
  job->work = std::move(work);
  job->finish.push_back(std::move(finish));
  {
    const std::lock_guard lock(state_->mutex);
    ++state_->running;
  }
  try {
    const auto begin = lane == Lane::aside ? submit_aside : submit;
    begin([state = state_, job] {
      job->work();
      job->work = nullptr;  // what it held is let go before anyone is told
      const std::lock_guard lock(state->mutex);
      state->finished.splice(state->finished.end(), job->finish);
      if (!state->stopping.load()) napi_call_threadsafe_function(state->wake, nullptr, napi_tsfn_nonblocking);
      --state->running;
      state->idle.notify_all();
    });
  } catch (...) {
    const std::lock_guard lock(state_->mutex);
    --state_->running;
    throw;
  }
  if (pending_++ == 0) napi_ref_threadsafe_function(env_, state_->wake);
}

void Background::drain(napi_env env, napi_value, void* context, void*) {
  if (env == nullptr) return;  // the environment is ending
  auto& self = *static_cast<Background*>(context);
  Finishes finished;
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
