#include "schedule.h"

#include <algorithm>
#include <cmath>

#include "operands.h"
#include "threads.h"

namespace thalweg {
namespace {

// The fewest rows of one thread that are worth a call of a kernel.
constexpr int64_t kRowsAThread = 8;
// Rows that a thread is given, since kernels take some at a time.
constexpr int64_t kRowGrain = 2;
// How far ahead a task is looked for that can be done without waiting.
constexpr size_t kWindow = 64;

Work work_for(const Item& item, int32_t threads) {
  const Task& task = *item.task;
  if (threads == 1 || task.is_for_one) return Work::alone;
  if (task.rows >= kRowsAThread * threads) return Work::by_rows;
  // Sharing it would save less than two waits more.
  const bool is_small = task.nanoseconds * (1 - 1.0 / threads) < 2 * wait_nanoseconds();
  // Larger state stays in the cache of the thread that wrote it: moving it takes longer than the task.
  return is_small && item.state_bytes <= kSmallBytes ? Work::alone : Work::together;
}

struct Candidate {
  const Item* item;
  int64_t number;
  Work work;
};

bool overlap(const MemoryUse& a, const MemoryUse& b) { return a.begin < b.end && b.begin < a.end; }

// Whether b must come after a.
bool depends(const Item& a, const Item& b) {
  // A step that fails has changed the state up to the failure, and no more.
  if (a.task->can_fail && (b.task->can_fail || b.changes_state)) return true;
  if (a.changes_state && b.task->can_fail) return true;
  for (const MemoryUse& x : a.uses) {
    for (const MemoryUse& y : b.uses) {
      if ((x.writes || y.writes) && overlap(x, y)) return true;
    }
  }
  return false;
}

// Whether b, which depends on a, may follow it without a barrier: each thread reads only its own results.
bool follows_at_once(const Candidate& a, const Candidate& b) {
  if (a.work == Work::alone && b.work == Work::alone) return true;
  if (a.work != Work::by_rows || b.work != Work::by_rows) return false;
  if (a.item->task->rows != b.item->task->rows) return false;
  const bool may_stop = a.item->task->can_fail || b.item->task->can_fail;
  if (may_stop && (a.item->changes_state || b.item->changes_state)) return false;
  for (const MemoryUse& x : a.item->uses) {
    for (const MemoryUse& y : b.item->uses) {
      if (!(x.writes || y.writes) || !overlap(x, y)) continue;
      const bool same_rows = x.by_rows && y.by_rows && x.begin == y.begin && x.end == y.end;
      if (!same_rows) return false;
    }
  }
  return true;
}

using Phase = std::vector<Scheduled>;

const Item& item_of(const std::vector<Item>& items, const Scheduled& one) {
  return items[static_cast<size_t>(one.number)];
}

// Divides the tasks that are done alone in a phase among the threads. Tasks that depend on each other stay on
// one thread; the largest group goes to the thread with the least work.
void divide(const std::vector<Item>& items, Phase& phase, int32_t threads) {
  struct Part {
    std::vector<size_t> tasks;
    double nanoseconds = 0;
  };
  std::vector<Part> parts;
  for (size_t at = 0; at < phase.size(); ++at) {
    if (phase[at].work != Work::alone) continue;
    const Item& item = item_of(items, phase[at]);
    Part joined = {{at}, item.task->nanoseconds};
    std::erase_if(parts, [&](const Part& part) {
      const auto before = [&](size_t other) { return depends(item_of(items, phase[other]), item); };
      if (std::none_of(part.tasks.begin(), part.tasks.end(), before)) return false;
      joined.tasks.insert(joined.tasks.end(), part.tasks.begin(), part.tasks.end());
      joined.nanoseconds += part.nanoseconds;
      return true;
    });
    parts.push_back(std::move(joined));
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Part& a, const Part& b) { return a.nanoseconds > b.nanoseconds; });
  std::vector<double> load(static_cast<size_t>(threads));
  for (const Part& part : parts) {
    const auto rank = std::min_element(load.begin(), load.end());
    *rank += part.nanoseconds;
    for (const size_t at : part.tasks) phase[at].rank = static_cast<int32_t>(rank - load.begin());
  }
}

double nanoseconds_of(const Phase& phase, Work work) {
  double sum = 0;
  for (const Scheduled& one : phase) sum += one.work == work ? one.task->nanoseconds : 0;
  return sum;
}

// Whether the rows of a phase, if it has any, may be divided in any way.
bool takes_any_rows(const Phase& phase) {
  return std::all_of(phase.begin(), phase.end(), [](const Scheduled& one) {
    return one.work != Work::by_rows || one.task->takes_any_rows;
  });
}

// Moves tasks that one thread does alone at the end of a phase, while the others wait, into the next phase,
// where the others can do more of the rows meanwhile. A task that `ahead` depends on stays; null: none.
void put_off(const std::vector<Item>& items, Phase& phase, Phase& next, const Item* ahead, int32_t threads) {
  if (nanoseconds_of(phase, Work::by_rows) > 0 || !takes_any_rows(next)) return;
  double room = nanoseconds_of(next, Work::by_rows) / threads - nanoseconds_of(next, Work::alone);
  for (size_t at = phase.size(); at-- > 1;) {  // a phase keeps one task
    const Scheduled& one = phase[at];
    const Item& item = item_of(items, one);
    const auto holds = [&](const Scheduled& other) {
      const bool is_same_thread = other.work == Work::alone && other.rank == one.rank;
      return !is_same_thread && depends(item, item_of(items, other));
    };
    const auto place = phase.begin() + static_cast<std::ptrdiff_t>(at);
    const bool may =
        one.work == Work::alone && one.task->nanoseconds <= room &&
        (ahead == nullptr || !depends(item, *ahead)) &&
        std::none_of(place + 1, phase.end(),
                     [&](const Scheduled& other) { return depends(item, item_of(items, other)); }) &&
        std::none_of(next.begin(), next.end(), holds);
    if (!may) continue;
    room -= one.task->nanoseconds;
    next.insert(next.begin(), one);
    phase.erase(place);
  }
}

// Gives fewer rows of a phase to threads that also have tasks to do alone in it.
void balance(Phase& phase, int32_t threads) {
  if (!takes_any_rows(phase)) return;
  std::vector<double> load(static_cast<size_t>(threads));
  for (const Scheduled& one : phase) {
    if (one.work == Work::alone) load[static_cast<size_t>(one.rank)] += one.task->nanoseconds;
  }
  const double rows = nanoseconds_of(phase, Work::by_rows);
  const double most = *std::max_element(load.begin(), load.end());
  const double each = (rows + nanoseconds_of(phase, Work::alone)) / threads;
  if (most == 0 || most > each) return;
  for (Scheduled& one : phase) {
    if (one.work != Work::by_rows) continue;
    double until = 0;
    int64_t begin = 0;
    for (const double own : load) {
      until += (each - own) / rows * static_cast<double>(one.task->rows);
      const int64_t end = std::llround(until / kRowGrain) * kRowGrain;
      one.shares.push_back({begin, std::min(end, one.task->rows)});
      begin = one.shares.back().end;
    }
    one.shares.back().end = one.task->rows;
  }
}

// The place of the task in a step's last phase that can form the products of `next` after all that `next`
// depends on; the number of tasks if there is none.
size_t place_ahead(const Item& next, Work work, const std::vector<Item>& items,
                   const std::vector<Scheduled>& scheduled) {
  const auto candidate = [&](const Scheduled& one) {
    return Candidate{&item_of(items, one), one.number, one.work};
  };
  const RowProducts products = next.task->row_products();
  size_t first = scheduled.size();
  while (first > 0 && (first == scheduled.size() || !scheduled[first - 1].ends_phase)) --first;
  for (size_t at = first; at < scheduled.size(); ++at) {
    if (scheduled[at].work != work || !scheduled[at].task->can_form(products)) continue;
    const auto before = [&](const Scheduled& one) {
      return !depends(*candidate(one).item, next) || follows_at_once(candidate(one), {&next, 0, work});
    };
    const auto after = [&](const Scheduled& one) { return !depends(*candidate(one).item, next); };
    const auto place = scheduled.begin() + static_cast<std::ptrdiff_t>(at);
    const auto start = scheduled.begin() + static_cast<std::ptrdiff_t>(first);
    if (std::all_of(start, place + 1, before) && std::all_of(place + 1, scheduled.end(), after)) return at;
  }
  return scheduled.size();
}

// As schedule(), for a step that one more task follows, or null. What that task depends on is not put off.
std::vector<Scheduled> schedule_before(const std::vector<Item>& items, const Item* ahead, int32_t threads) {
  std::vector<Candidate> left;
  left.reserve(items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    left.push_back({&items[i], static_cast<int64_t>(i), work_for(items[i], threads)});
  }
  std::vector<Phase> phases;
  while (!left.empty()) {
    std::vector<Candidate> chosen;
    std::vector<Candidate> later;
    Phase phase;
    for (size_t i = 0; i < left.size(); ++i) {
      const Candidate& next = left[i];
      const bool fits =
          later.size() < kWindow &&
          std::none_of(later.begin(), later.end(),
                       [&](const Candidate& other) { return depends(*other.item, *next.item); }) &&
          std::none_of(chosen.begin(), chosen.end(), [&](const Candidate& other) {
            return depends(*other.item, *next.item) && !follows_at_once(other, next);
          });
      if (!fits) {
        later.push_back(next);
        continue;
      }
      chosen.push_back(next);
      phase.push_back({next.item->task, next.number, next.work, 0, false});
    }
    // In a step's first phase a thread may still be a step behind another: it could not read samples for it.
    if (!phases.empty()) divide(items, phase, threads);
    phases.push_back(std::move(phase));
    left = std::move(later);
  }
  std::vector<Scheduled> result;
  result.reserve(items.size());
  for (size_t p = 0; p < phases.size(); ++p) {
    Phase& phase = phases[p];
    if (threads > 1) {
      if (p + 1 < phases.size()) put_off(items, phase, phases[p + 1], ahead, threads);
      balance(phase, threads);
    }
    int64_t scratch = 0;
    for (Scheduled& one : phase) {
      one.scratch_at = scratch;
      scratch += (one.task->scratch_bytes(threads) + 63) / 64 * 64;
      result.push_back(std::move(one));
    }
    result.back().ends_phase = true;
  }
  return result;
}

// The memory that forming a task's products uses, apart from memory of its own.
Item forming(const Item& item) {
  const RowProducts products = item.task->row_products();
  const auto* const begin = static_cast<const std::byte*>(products.w);
  const int64_t bytes = item.task->rows * products.columns * bytes_of(products.dtype);
  const MemoryUse weights = {begin, begin + bytes, false, true};
  Item formed = item;
  std::erase_if(formed.uses, [&](const MemoryUse& access) { return !overlap(access, weights); });
  return formed;
}

// Whether in a step's first phase only the first thread reads what `item` writes.
bool is_for_first_thread(const Item& item, const std::vector<Item>& items,
                         const std::vector<Scheduled>& scheduled) {
  for (const Scheduled& one : scheduled) {
    const bool is_first = one.work == Work::alone && one.rank == 0;
    if (!is_first && depends(item, item_of(items, one))) return false;
    if (one.ends_phase) break;
  }
  return true;
}

}  // namespace

Schedule schedule_loop(const std::vector<Item>& items, int32_t threads) {
  for (size_t at = 0; at < items.size(); ++at) {
    const Item& next = items[at];
    if (next.task->row_products().w == nullptr || next.task->can_fail || next.changes_state) continue;
    const Work work = work_for(next, threads);
    const auto place = items.begin() + static_cast<std::ptrdiff_t>(at);
    const bool is_first =
        std::none_of(items.begin(), place, [&](const Item& other) { return depends(other, next); });
    if (!is_first || work == Work::together) continue;
    std::vector<Item> others(items.begin(), place);
    others.insert(others.end(), place + 1, items.end());
    const Item formed = forming(next);
    for (const bool keeps_formed : {true, false}) {
      const Item& ahead = keeps_formed ? formed : next;
      std::vector<Scheduled> tasks = schedule_before(others, &ahead, threads);
      if (keeps_formed && !is_for_first_thread(next, others, tasks)) continue;
      const size_t forms = place_ahead(ahead, work, others, tasks);
      if (forms < tasks.size()) return {std::move(tasks), next.task, forms, keeps_formed};
    }
  }
  return {schedule(items, threads)};
}

std::vector<Scheduled> schedule(const std::vector<Item>& items, int32_t threads) {
  return schedule_before(items, nullptr, threads);
}

int64_t scratch_bytes(const std::vector<Scheduled>& scheduled, int32_t threads) {
  int64_t most = 0;
  for (const Scheduled& one : scheduled)
    most = std::max(most, one.scratch_at + one.task->scratch_bytes(threads));
  return most;
}

}  // namespace thalweg
