// Runs one instruction at once: the eager road, a program of one.
#pragma once

#include <span>

#include "operands.h"

namespace thalweg {

// On the calling thread where a team would cost more than it saves, else on the team.
// Throws Error; then no output counts.
void execute(const Instruction& instruction, std::span<const View> views, std::span<const double> params);

}  // namespace thalweg
