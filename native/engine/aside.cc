#include "aside.h"

#include <exception>
#include <thread>
#include <utility>

namespace thalweg {
namespace {

thread_local bool is_this_thread = false;

}  // namespace

Aside* Aside::instance() {
  try {
    static Aside* const aside = new Aside();
    return aside;
  } catch (const std::exception&) {
    return nullptr;
  }
}

bool Aside::is_here() { return is_this_thread; }

void Aside::submit(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back(std::move(work));
  wake_.notify_one();
}

Aside::Aside() {
  std::thread([this] { serve(); }).detach();
}

void Aside::serve() {
  is_this_thread = true;
  for (;;) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return !jobs_.empty(); });
    const std::function<void()> work = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    work();
  }
}

}  // namespace thalweg
