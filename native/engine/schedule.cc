#include "schedule.h"

#include <algorithm>

#include "threads.h"

namespace thalweg {
namespace {

// So many rows a thread are worth their own call of a kernel.
constexpr int64_t kRowsAThread = 8;
// How far ahead a task is looked for that can be done without waiting.
constexpr size_t kWindow = 64;

// So much of the state stays with the thread that wrote it, in its own cache: to fetch it and to give it back
// takes longer than the task.
constexpr int64_t kOwnStateBytes = 8'192;

Work work_for(const Item& item, int32_t threads) {
  const Task& task = *item.task;
  if (task.rows >= kRowsAThread * threads) return Work::by_rows;
  // Sharing it would save less than two waits more.
  const bool is_small = threads > 1 && task.nanoseconds * (1 - 1.0 / threads) < 2 * wait_nanoseconds();
  return is_small && item.state_bytes < kOwnStateBytes ? Work::alone : Work::together;
}

struct Candidate {
  const Item* item;
  int64_t number;
  Work work;
};

bool overlap(const Access& a, const Access& b) { return a.begin < b.end && b.begin < a.end; }

// Whether b must come behind a.
bool depends(const Item& a, const Item& b) {
  // A step that fails has changed what it would have changed up to there, and no more.
  if (a.task->can_fail && (b.task->can_fail || b.changes_state)) return true;
  if (a.changes_state && b.task->can_fail) return true;
  for (const Access& x : a.accesses) {
    for (const Access& y : b.accesses) {
      if ((x.writes || y.writes) && overlap(x, y)) return true;
    }
  }
  return false;
}

// Whether b may follow a, on which it depends, with no waiting between: the same thread does what matters.
bool follows_at_once(const Candidate& a, const Candidate& b) {
  if (a.work == Work::alone && b.work == Work::alone) return true;
  if (a.work != Work::by_rows || b.work != Work::by_rows) return false;
  if (a.item->task->rows != b.item->task->rows) return false;
  const bool may_stop = a.item->task->can_fail || b.item->task->can_fail;
  if (may_stop && (a.item->changes_state || b.item->changes_state)) return false;
  for (const Access& x : a.item->accesses) {
    for (const Access& y : b.item->accesses) {
      if (!(x.writes || y.writes) || !overlap(x, y)) continue;
      const bool same_rows = x.by_rows && y.by_rows && x.begin == y.begin && x.end == y.end;
      if (!same_rows) return false;
    }
  }
  return true;
}

}  // namespace

std::vector<Scheduled> schedule(const std::vector<Item>& items, int32_t threads) {
  std::vector<Candidate> left;
  left.reserve(items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    left.push_back({&items[i], static_cast<int64_t>(i), work_for(items[i], threads)});
  }
  std::vector<Scheduled> result;
  result.reserve(items.size());
  while (!left.empty()) {
    std::vector<Candidate> phase;
    std::vector<Candidate> later;
    int64_t scratch = 0;
    for (size_t i = 0; i < left.size(); ++i) {
      const Candidate& next = left[i];
      const bool fits =
          later.size() < kWindow &&
          std::none_of(later.begin(), later.end(),
                       [&](const Candidate& other) { return depends(*other.item, *next.item); }) &&
          std::none_of(phase.begin(), phase.end(), [&](const Candidate& other) {
            return depends(*other.item, *next.item) && !follows_at_once(other, next);
          });
      if (!fits) {
        later.push_back(next);
        continue;
      }
      phase.push_back(next);
      result.push_back({next.item->task, next.number, next.work, scratch, false});
      scratch += (next.item->task->scratch_bytes(threads) + 63) / 64 * 64;
    }
    result.back().ends_phase = true;
    left = std::move(later);
  }
  return result;
}

int64_t scratch_bytes(const std::vector<Scheduled>& scheduled, int32_t threads) {
  int64_t most = 0;
  for (const Scheduled& one : scheduled)
    most = std::max(most, one.scratch_at + one.task->scratch_bytes(threads));
  return most;
}

}  // namespace thalweg
