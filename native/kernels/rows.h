// Kernels over the rows of x [rows, n]: softmax and its logarithm.
#pragma once

#include "types.h"

namespace thalweg {

// Every kernel of this family. A new one is a row here, a functor of its name in rows.cc and one in
// reference/rows.cc. The columns: its name; the dtypes for which it is defined.
#define THALWEG_ROWS(X) \
  X(softmax, floats)    \
  X(log_softmax, floats)

enum class Rows : int32_t {
#define THALWEG_X(name, dtypes) name,
  THALWEG_ROWS(THALWEG_X)
#undef THALWEG_X
      count
};

struct RowsInfo {
  const char* name;
  DTypeSet dtypes;
};

constexpr RowsInfo kRowsInfo[] = {
#define THALWEG_X(name, dtypes) {#name, DTypeSet::dtypes},
    THALWEG_ROWS(THALWEG_X)
#undef THALWEG_X
};

static constexpr const RowsInfo& info_of(Rows kernel) { return kRowsInfo[static_cast<int32_t>(kernel)]; }

// y[r] = f(x[r]) for the rows r < rows.
using RowsFn = void (*)(int64_t rows, int64_t n, const void* x, void* y);

}  // namespace thalweg
