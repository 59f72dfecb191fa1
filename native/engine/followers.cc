#include "followers.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <system_error>
#include <utility>

namespace thalweg {
namespace {

// What a thread takes when it begins, with much to spare: the C library ends the process if a thread's own
// variables find no memory.
constexpr size_t kThreadBytes = 8 << 10;
// At its limit a process leaves one thread and such a share of the others to whoever wants one next.
constexpr int32_t kSpareShare = 8;

}  // namespace

int32_t Followers::make(int32_t wanted, std::function<void(int32_t rank)> follow) {
  all_.resize(static_cast<size_t>(wanted));
  follow_ = std::move(follow);
  tried_ = with_memory_ = kept_ = 0;
  is_decided_ = false;
  int32_t made = 0;
  try {
    for (; made < wanted; ++made) {
      const auto index = static_cast<size_t>(made);
      all_[index].thread = std::thread([this, index] { begin(index); });
    }
  } catch (const std::system_error&) {
  } catch (const std::bad_alloc&) {
  }
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return tried_ == made; });
    const int32_t had = with_memory_;
    kept_ = had == wanted ? had : std::max(0, had - 1 - had / kSpareShare);
    is_decided_ = true;
    changed_.notify_all();
  }
  const auto is_kept = [&](const Follower& each) { return each.rank > 0 && each.rank <= kept_; };
  for (Follower& each : all_) {
    if (!is_kept(each) && each.thread.joinable()) each.thread.join();
  }
  std::erase_if(all_, [&](const Follower& each) { return !is_kept(each); });
  return kept_;
}

void Followers::join() {
  for (Follower& each : all_) each.thread.join();
  all_.clear();
}

// Takes memory as one does that works. None ends before all have tried, since the next would have its memory.
void Followers::begin(size_t index) {
  void* volatile memory = std::malloc(kThreadBytes);  // volatile: a compiler may leave it out
  int32_t rank = 0;
  {
    std::unique_lock lock(mutex_);
    ++tried_;
    if (memory != nullptr) rank = all_[index].rank = ++with_memory_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return is_decided_; });
    if (rank > kept_) rank = 0;
  }
  std::free(memory);
  if (rank > 0) follow_(rank);
}

}  // namespace thalweg
