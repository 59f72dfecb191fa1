// y [outer, inner] = reduction of x [outer, axis, inner] over its middle axis.
#pragma once

#include "types.h"

namespace thalweg {

// What becomes of an axis without elements: a value of its own (the sum is 0), or there is nothing to choose
// from.
enum class EmptyAxis : uint8_t { defined, refused };

// How threads may divide a long axis: they reduce blocks of it and then the blocks' results in the same way,
// or add up the blocks' results, or not at all.
enum class LongAxis : uint8_t { in_blocks, blocks_summed, whole };

// Every reduction. A new one is a row here, a functor of its name in reduce.cc and one in
// reference/reduce.cc. The columns: its name; the dtypes for which it is defined; the dtype that it gives;
// an empty axis; a long axis.
// clang-format off
#define THALWEG_REDUCE(X) \
  X(sum,           numbers, same,    defined, in_blocks)     \
  X(prod,          numbers, same,    defined, in_blocks)     \
  X(amax,          numbers, same,    refused, in_blocks)     \
  X(amin,          numbers, same,    refused, in_blocks)     \
  X(argmax,        numbers, int32,   refused, whole)         \
  X(argmin,        numbers, int32,   refused, whole)         \
  X(any,           all,     boolean, defined, in_blocks)     \
  X(all,           all,     boolean, defined, in_blocks)     \
  X(count_nonzero, all,     int32,   defined, blocks_summed)
// clang-format on

enum class Reduce : int32_t {
#define THALWEG_X(name, dtypes, gives, empty, long_axis) name,
  THALWEG_REDUCE(THALWEG_X)
#undef THALWEG_X
      count
};

struct ReduceInfo {
  const char* name;
  DTypeSet dtypes;
  Gives gives;  // int32: a position or a count
  EmptyAxis empty_axis;
  LongAxis long_axis;
};

constexpr ReduceInfo kReduceInfo[] = {
#define THALWEG_X(name, dtypes, gives, empty, long_axis) \
  {#name, DTypeSet::dtypes, Gives::gives, EmptyAxis::empty, LongAxis::long_axis},
    THALWEG_REDUCE(THALWEG_X)
#undef THALWEG_X
};

static constexpr const ReduceInfo& info_of(Reduce kernel) {
  return kReduceInfo[static_cast<int32_t>(kernel)];
}

// Reduces the part of y with outer in [outer_begin, outer_end) and inner in [inner_begin, inner_end).
struct ReduceCall {
  int64_t axis, inner;
  int64_t outer_begin, outer_end, inner_begin, inner_end;
  const void* x;
  void* y;
};

using ReduceFn = void (*)(const ReduceCall&);

}  // namespace thalweg
