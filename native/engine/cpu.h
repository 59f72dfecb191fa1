// Which tables of kernels this CPU can run, and which one is in use.
#pragma once

#include <string>
#include <vector>

#include "../kernels/isa/table.h"

namespace thalweg {

// Names of the instruction sets that this CPU has, from the plainest ("reference") to the best.
std::vector<std::string> available_isas();

// What this CPU, or its system, lacks for the next better instruction set, such as "AVX512F, AVX512DQ"; empty
// where there is no better one.
std::string lacking_for_next();

// The table of the best instruction set, or of the one that THALWEG_ISA names.
// Throws Error "ERR_VALUE" where that one is unknown or beyond this CPU.
const Table& kernel_table();

// That of the naive twins, which every CPU has. All tables have kernels for the same dtypes.
Table reference_table();

}  // namespace thalweg
