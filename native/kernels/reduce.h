// y [outer, inner] = reduction of x [outer, axis, inner] over its middle axis.
#pragma once

#include "types.h"

namespace thalweg {

// y keeps the dtype of x, except: argmax and argmin give int32, any and all give boolean.
#define THALWEG_REDUCE(X) X(sum) X(prod) X(amax) X(amin) X(argmax) X(argmin) X(any) X(all)

enum class Reduce : int32_t {
#define THALWEG_X(name) name,
  THALWEG_REDUCE(THALWEG_X)
#undef THALWEG_X
      count
};

// Reduces the part of y with outer in [outer_begin, outer_end) and inner in [inner_begin, inner_end).
struct ReduceCall {
  int64_t axis, inner;
  int64_t outer_begin, outer_end, inner_begin, inner_end;
  const void* x;
  void* y;
};

using ReduceFn = void (*)(const ReduceCall&);

}  // namespace thalweg
