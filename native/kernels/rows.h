// Kernels over the rows of x [rows, n]: softmax and its logarithm.
#pragma once

#include "types.h"

namespace thalweg {

enum class Rows : int32_t { softmax, log_softmax, count };

// y[r] = f(x[r]) for the rows r < rows.
using RowsFn = void (*)(int64_t rows, int64_t n, const void* x, void* y);

}  // namespace thalweg
