// What a loop does in each step besides the program's instructions.
#pragma once

#include "loop.h"
#include "operands.h"
#include "task.h"

namespace thalweg {

// input ← the samples of the step.
Task* make_gather(const Samples& samples, const View& input, int64_t batch, TaskStore& store);

// Elements of the log for an output. One without elements has a 0 there.
inline int64_t slots_of(const View& logged) { return logged.count > 0 ? logged.count : 1; }

// Writes down these elements of the outputs.
Task* make_log(const Cursor* cursors, const std::vector<View>& logged, TaskStore& store);

}  // namespace thalweg
