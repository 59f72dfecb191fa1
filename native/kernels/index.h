// Reading, adding and writing in place by index along the middle axis of a tensor [outer, axis, inner].
#pragma once

#include "types.h"

namespace thalweg {

// index_select: y [o, j, i] = x[o, index[j], i]           index [count]
// gather:       y [o, j, i] = x[o, index[o, j, i], i]     index [outer, count, inner]
// index_add:    y [o, index[j], i] += x[o, j, i]          index [count]
// scatter_add:  y [o, index[o, j, i], i] += x[o, j, i]    index [outer, count, inner]
// write_rows:   y [o, index[j], i] = x[o, j, i]           index [count]; of equal indices the last stays

// Whether an index stands for a whole row of the inner axis, or each element has one of its own.
enum class IndexOf : uint8_t { row, element };

// Whether y is what is read at the indices, or what is added there to zeros, or written there over what y
// was.
enum class IndexDoes : uint8_t { read, add, write };

// Every kernel of this family. A new one is a row here, a functor of its name in index.cc and one in
// reference/index.cc. The columns: its name; the dtypes for which it is defined; what has an index; what is
// done there.
// clang-format off
#define THALWEG_INDEX(X) \
  X(index_select, all,     row,     read) \
  X(gather,       all,     element, read) \
  X(index_add,    numbers, row,     add)  \
  X(scatter_add,  numbers, element, add)  \
  X(write_rows,   all,     row,     write)
// clang-format on

enum class Index : int32_t {
#define THALWEG_X(name, dtypes, of, does) name,
  THALWEG_INDEX(THALWEG_X)
#undef THALWEG_X
      count
};

struct IndexInfo {
  const char* name;
  DTypeSet dtypes;
  IndexOf of;
  IndexDoes does;
};

constexpr IndexInfo kIndexInfo[] = {
#define THALWEG_X(name, dtypes, of, does) {#name, DTypeSet::dtypes, IndexOf::of, IndexDoes::does},
    THALWEG_INDEX(THALWEG_X)
#undef THALWEG_X
};

static constexpr const IndexInfo& info_of(Index kernel) { return kIndexInfo[static_cast<int32_t>(kernel)]; }

// Works on the part of the outer and inner ranges given. An index outside [0, axis) is skipped; if there is
// one, a kernel that writes in place writes nothing.
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
