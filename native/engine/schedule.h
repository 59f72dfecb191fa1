// Who of a team does which task of a program, and where the threads must wait for each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "task.h"

namespace thalweg {

// together: all threads do a task, as the task divides it. by_rows: each thread does its share of the rows
// and goes on to the next task without waiting. alone: one thread does it all, since it is very little.
enum class Work : uint8_t { together, by_rows, alone };

// Memory that a task reads or writes. Where it is `by_rows` a thread touches only its share of the rows.
struct MemoryUse {
  const std::byte* begin;
  const std::byte* end;
  bool writes;
  bool by_rows;
};

// A task and the memory that it uses. `changes_state`: it writes memory that outlives the run. `state_bytes`:
// the most bytes that it touches of an operand that outlives the run.
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
  bool ends_phase;   // the threads wait for each other after it
  int32_t rank = 0;  // the thread that does it alone; in a smaller team, modulo the team's size
  // The rows of each thread of a whole team, if they are not even: some threads have other work too.
  std::vector<Range> shares = {};

  Range rows(const Team& team) const {
    const bool is_whole = static_cast<size_t>(team.size) == shares.size();
    return is_whole ? shares[static_cast<size_t>(team.rank)] : share(task->rows, team);
  }
};

// If `ahead` is not null, it is a task of the next step, and the task at `forms` forms its products. The
// weights are then read once for both: the update of one step and the first layer of the next. With
// `keeps_formed` the products stay in memory of their own until the next step begins, because this step's may
// still be read. Then the first thread finishes them; no other thread reads the result in that phase.
struct Schedule {
  std::vector<Scheduled> tasks;
  const Task* ahead = nullptr;
  size_t forms = 0;
  bool keeps_formed = false;
};

// An order in phases, in which every task comes after those whose results it reads and those whose operands
// it overwrites. Within a phase no thread waits for another. There are as few phases as can be found.
std::vector<Scheduled> schedule(const std::vector<Item>& items, int32_t threads);

// The same for a step that is done again and again.
Schedule schedule_loop(const std::vector<Item>& items, int32_t threads);

// The scratch memory that the tasks of any phase need together, at most.
int64_t scratch_bytes(const std::vector<Scheduled>& scheduled, int32_t threads);

}  // namespace thalweg
