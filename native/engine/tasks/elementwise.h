// What the tasks that run elementwise kernels share.
#pragma once

#include <span>

#include "../registry.h"

namespace thalweg {

constexpr int32_t kMaxElementwiseInputs = 3;

// How many inputs each kernel has.
constexpr int32_t kElementwiseInputs[] = {
#define THALWEG_X(name, arity) arity,
    THALWEG_ELEMENTWISE(THALWEG_X)
#undef THALWEG_X
};

struct ElementwiseOp {
  ElementwiseFn kernel;
  DType result;
  double nanoseconds;  // of one element on one core, roughly
};

// The kernel for inputs of these dtypes. Throws Error in the operands' name where there is none.
ElementwiseOp elementwise_op(Elementwise kernel, std::span<const DType> inputs, const Operands& operands,
                             const Table& table);

}  // namespace thalweg
