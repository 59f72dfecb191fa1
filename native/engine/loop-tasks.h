// What a loop does in each step besides the program's instructions.
#pragma once

#include "loop.h"
#include "operands.h"
#include "task.h"

namespace thalweg {

// input ← the samples of the step.
Task* make_gather(const Samples& samples, const View& input, int64_t batch, TaskStore& store);

// Writes down the first element of each output.
Task* make_log(const Cursor* cursors, const std::vector<View>& outputs, TaskStore& store);

}  // namespace thalweg
