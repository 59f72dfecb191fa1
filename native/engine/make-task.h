// An instruction's operands, made ready to run.
#pragma once

#include "operands.h"
#include "task.h"

namespace thalweg {

// Null: there is nothing to do. Throws Error where sizes do not fit.
inline Task* make_task(const Operands& operands, const Table& table, TaskStore& store) {
  const Instruction& self = operands.instruction();
  Task* const task = self.prepare(operands, table, store);
  if (task == nullptr) return nullptr;
  task->can_fail = self.can_fail;
  task->is_for_one = self.division == Division::none;
  return task;
}

}  // namespace thalweg
