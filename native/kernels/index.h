// Reading and adding by index along the middle axis of x [outer, axis, inner].
#pragma once

#include "types.h"

namespace thalweg {

// select:      y [o, j, i] = x[o, index[j], i]                      index [count]
// gather:      y [o, j, i] = x[o, index[o, j, i], i]                index [outer, count, inner]
// add_select:  y [o, index[j], i] += x[o, j, i]                     index [count]
// add_gather:  y [o, index[o, j, i], i] += x[o, j, i]               index [outer, count, inner]
enum class Index : int32_t { select, gather, add_select, add_gather, count };

// Works on the part of the outer and inner ranges given; an index outside [0, axis) is skipped.
struct IndexCall {
  int64_t outer, axis, inner, count;
  int64_t outer_begin, outer_end, inner_begin, inner_end;
  const void* x;
  const int32_t* index;
  void* y;
};

// Returns the position in `index` of the first index outside [0, axis) that it met, or −1.
using IndexFn = int64_t (*)(const IndexCall&);

// y[i] = scale · (x[i] − zero_point), in float64 and then rounded: the same bits everywhere.
struct ScaleBytesCall {
  const uint8_t* x;
  int64_t size;
  double scale, zero_point;
  void* y;
};
using ScaleBytesFn = void (*)(const ScaleBytesCall&);

}  // namespace thalweg
