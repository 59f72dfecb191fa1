// y[i] = f(a[i·sa], b[i·sb], c[i·sc]) for i < n; each stride is 0 (one value for all) or 1.
#pragma once

#include "types.h"

namespace thalweg {

// What one element costs. arithmetic: a few machine instructions. function: a polynomial, as vector code.
// library: a call of the C library for each element.
enum class ElementwiseCost : uint8_t { arithmetic, function, library };

// Every elementwise kernel. A new one is a row here, a functor of its name in elementwise.cc and one in
// reference/elementwise.cc. The columns: its name; how many inputs it has; the dtypes of its last input for
// which it is defined; the dtype that it gives; its cost.
// clang-format off
#define THALWEG_ELEMENTWISE(X) \
  X(add,           2, numbers,  same,    arithmetic) \
  X(sub,           2, numbers,  same,    arithmetic) \
  X(mul,           2, numbers,  same,    arithmetic) \
  X(div,           2, floats,   same,    arithmetic) \
  X(pow,           2, floats,   same,    library)    \
  X(maximum,       2, numbers,  same,    arithmetic) \
  X(minimum,       2, numbers,  same,    arithmetic) \
  X(copy,          1, all,      same,    arithmetic) \
  X(neg,           1, numbers,  same,    arithmetic) \
  X(abs,           1, numbers,  same,    arithmetic) \
  X(sign,          1, numbers,  same,    arithmetic) \
  X(square,        1, numbers,  same,    arithmetic) \
  X(sqrt,          1, floats,   same,    arithmetic) \
  X(reciprocal,    1, floats,   same,    arithmetic) \
  X(exp,           1, floats,   same,    function)   \
  X(log,           1, floats,   same,    function)   \
  X(tanh,          1, floats,   same,    function)   \
  X(sigmoid,       1, floats,   same,    function)   \
  X(relu,          1, numbers,  same,    arithmetic) \
  X(heaviside,     1, numbers,  same,    arithmetic) \
  X(sin,           1, floats,   same,    library)    \
  X(cos,           1, floats,   same,    library)    \
  X(tan,           1, floats,   same,    library)    \
  X(asin,          1, floats,   same,    library)    \
  X(acos,          1, floats,   same,    library)    \
  X(atan,          1, floats,   same,    library)    \
  X(atan2,         2, floats,   same,    library)    \
  X(hypot,         2, floats,   same,    library)    \
  X(remainder,     2, numbers,  same,    library)    \
  X(sinh,          1, floats,   same,    library)    \
  X(cosh,          1, floats,   same,    library)    \
  X(asinh,         1, floats,   same,    library)    \
  X(acosh,         1, floats,   same,    library)    \
  X(atanh,         1, floats,   same,    library)    \
  X(expm1,         1, floats,   same,    library)    \
  X(log1p,         1, floats,   same,    library)    \
  X(exp2,          1, floats,   same,    library)    \
  X(log2,          1, floats,   same,    library)    \
  X(log10,         1, floats,   same,    library)    \
  X(erf,           1, floats,   same,    library)    \
  X(erfc,          1, floats,   same,    library)    \
  X(lgamma,        1, floats,   same,    library)    \
  X(digamma,       1, floats,   same,    library)    \
  X(polygamma,     2, floats,   same,    library)    \
  X(erfinv,        1, floats,   same,    function)   \
  X(gammainc,      2, floats,   same,    library)    \
  X(gammaincc,     2, floats,   same,    library)    \
  X(gammainc_slope, 2, floats,  same,    library)    \
  X(gamma_density, 2, floats,   same,    library)    \
  X(gamma_sample_slope, 2, floats, same, library)    \
  X(log_gamma_sample_slope, 2, floats, same, library) \
  X(betainc,       3, floats,   same,    library)    \
  X(beta_density,  3, floats,   same,    library)    \
  X(rsqrt,         1, floats,   same,    arithmetic) \
  X(floor,         1, floats,   same,    arithmetic) \
  X(ceil,          1, floats,   same,    arithmetic) \
  X(round,         1, floats,   same,    arithmetic) \
  X(trunc,         1, floats,   same,    arithmetic) \
  X(equal,         2, all,      boolean, arithmetic) \
  X(not_equal,     2, all,      boolean, arithmetic) \
  X(less,          2, all,      boolean, arithmetic) \
  X(less_equal,    2, all,      boolean, arithmetic) \
  X(greater,       2, all,      boolean, arithmetic) \
  X(greater_equal, 2, all,      boolean, arithmetic) \
  X(logical_and,   2, booleans, boolean, arithmetic) \
  X(logical_or,    2, booleans, boolean, arithmetic) \
  X(logical_not,   1, booleans, boolean, arithmetic) \
  X(is_finite,     1, all,      boolean, arithmetic) \
  X(where,         3, all,      same,    arithmetic) \
  X(to_float32,    1, all,      float32, arithmetic) \
  X(to_float64,    1, all,      float64, arithmetic) \
  X(to_int32,      1, all,      int32,   arithmetic) \
  X(to_bool,       1, all,      boolean, arithmetic)
// clang-format on

enum class Elementwise : int32_t {
#define THALWEG_X(name, inputs, dtypes, gives, cost) name,
  THALWEG_ELEMENTWISE(THALWEG_X)
#undef THALWEG_X
      count
};

struct ElementwiseInfo {
  const char* name;
  int32_t inputs;
  DTypeSet dtypes;
  Gives gives;
  ElementwiseCost cost;
};

constexpr ElementwiseInfo kElementwiseInfo[] = {
#define THALWEG_X(name, inputs, dtypes, gives, cost) \
  {#name, inputs, DTypeSet::dtypes, Gives::gives, ElementwiseCost::cost},
    THALWEG_ELEMENTWISE(THALWEG_X)
#undef THALWEG_X
};

static constexpr const ElementwiseInfo& info_of(Elementwise kernel) {
  return kElementwiseInfo[static_cast<int32_t>(kernel)];
}

using ElementwiseFn = void (*)(int64_t n, const void* const* in, const int64_t* strides, void* out);

}  // namespace thalweg
