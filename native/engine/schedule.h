// Who of a team does which task of a program, and where the threads must wait for each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "task.h"

namespace thalweg {

// together: all threads do a task's work as the task divides it. by_rows: each does its share of the rows,
// from one task to the next without waiting. alone: one thread does it all, since it is next to nothing.
enum class Work : uint8_t { together, by_rows, alone };

// Memory that a task reads or writes. Where it is `by_rows` a thread touches only its share of the rows.
struct MemoryUse {
  const std::byte* begin;
  const std::byte* end;
  bool writes;
  bool by_rows;
};

// A task as the program has it. `changes_state`: what it writes outlives the run. `state_bytes`: of what it
// reads and writes the largest part that does.
struct Item {
  const Task* task;
  std::vector<MemoryUse> uses;
  bool changes_state;
  int64_t state_bytes = 0;
};

struct Scheduled {
  const Task* task;
  int64_t number;  // in the program's order
  Work work;
  int64_t scratch_at;
  bool ends_phase;   // the threads wait for each other behind it
  int32_t rank = 0;  // whose work it is where it is done alone; of a smaller team modulo its size
  // The rows of each thread of a whole team where they are not even, since some have work of their own too.
  std::vector<Range> shares = {};

  Range rows(const Team& team) const {
    const bool is_whole = static_cast<size_t>(team.size) == shares.size();
    return is_whole ? shares[static_cast<size_t>(team.rank)] : share(task->rows, team);
  }
};

// Where `ahead` is not null, it is a task of the next step whose products the task at `forms` forms: the
// weights are gone through once, by the update of one step and for the first layer of the next. With
// `keeps_formed` they lie in memory of their own until that step begins, when the first thread, who alone
// reads what they become, finishes them: until then this step's may still be read.
struct Schedule {
  std::vector<Scheduled> tasks;
  const Task* ahead = nullptr;
  size_t forms = 0;
  bool keeps_formed = false;
};

// An order that keeps every task behind those whose results it reads or whose operands it overwrites, in
// phases as few as can be found: within one no thread waits for another.
std::vector<Scheduled> schedule(const std::vector<Item>& items, int32_t threads);

// The same for a step that is done again and again.
Schedule schedule_loop(const std::vector<Item>& items, int32_t threads);

// What the scratch of all tasks of a phase needs, at most.
int64_t scratch_bytes(const std::vector<Scheduled>& scheduled, int32_t threads);

}  // namespace thalweg
