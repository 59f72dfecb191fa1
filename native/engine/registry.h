// Every instruction: JavaScript asks for their descriptions once and then speaks in numbers.
#pragma once

#include <span>

#include "description.h"

namespace thalweg {

std::span<const Instruction> instructions();

}  // namespace thalweg
