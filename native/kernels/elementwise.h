// y[i] = f(a[i·sa], b[i·sb], c[i·sc]) for i < n; each stride is 0 (one value for all) or 1.
#pragma once

#include "types.h"

namespace thalweg {

// Every elementwise kernel: its name, and how many inputs it has.
// Arithmetic and functions keep the dtype; comparisons and tests give boolean; to_* convert.
// clang-format off
#define THALWEG_ELEMENTWISE(X) \
  X(add, 2) X(sub, 2) X(mul, 2) X(div, 2) X(pow, 2) X(maximum, 2) X(minimum, 2) \
  X(copy, 1) X(neg, 1) X(abs, 1) X(sign, 1) X(square, 1) X(sqrt, 1) X(reciprocal, 1) \
  X(exp, 1) X(log, 1) X(tanh, 1) X(sigmoid, 1) X(relu, 1) X(heaviside, 1) \
  X(sin, 1) X(cos, 1) X(tan, 1) X(asin, 1) X(acos, 1) X(atan, 1) X(atan2, 2) \
  X(sinh, 1) X(cosh, 1) X(asinh, 1) X(acosh, 1) X(atanh, 1) \
  X(expm1, 1) X(log1p, 1) X(exp2, 1) X(log2, 1) X(log10, 1) X(erf, 1) X(erfc, 1) X(rsqrt, 1) \
  X(floor, 1) X(ceil, 1) X(round, 1) X(trunc, 1) \
  X(equal, 2) X(not_equal, 2) X(less, 2) X(less_equal, 2) X(greater, 2) X(greater_equal, 2) \
  X(logical_and, 2) X(logical_or, 2) X(logical_not, 1) X(is_finite, 1) X(where, 3) \
  X(to_float32, 1) X(to_float64, 1) X(to_int32, 1) X(to_bool, 1)
// clang-format on

enum class Elementwise : int32_t {
#define THALWEG_X(name, arity) name,
  THALWEG_ELEMENTWISE(THALWEG_X)
#undef THALWEG_X
      count
};

using ElementwiseFn = void (*)(int64_t n, const void* const* in, const int64_t* strides, void* out);

}  // namespace thalweg
