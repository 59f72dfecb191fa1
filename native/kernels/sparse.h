// Products with a matrix w [rows, columns] in compressed sparse rows. The entries of row i are those from
// starts[i] up to starts[i + 1]; entry e stands in column index[e].
//
// product: y [batch, rows]     y[b, i] = Σ_{e in row i} values[e]·x[b, index[e]] + bias[i]
// sampled: y [entries]         y[e]    = Σ_b a[b, i]·x[b, index[e]] for e in row i
#pragma once

#include "types.h"

namespace thalweg {

template <typename T>
struct SparseCall {
  int64_t batch, rows, columns, entries;
  const int32_t* starts;  // [rows + 1]
  const int32_t* index;   // [entries]
  // product
  const T* values;       // [entries]
  const int32_t* order;  // [entries]: entry e has values[order[e]]; null where order[e] is e
  const T* bias;         // [rows], or null
  // sampled
  const T* a;  // [batch, rows]
  // both
  const T* x;  // [batch, columns]
  T* y;
  void* scratch;  // shared by the team, aligned to 64 bytes
};

// Returns false where an index is out of range. y is undefined then.
template <typename T>
using SparseFn = bool (*)(const SparseCall<T>&, const Team&);

// Bytes of scratch.
template <typename T>
using SparseScratchFn = int64_t (*)(const SparseCall<T>&);

template <typename T>
struct SparseKernel {
  SparseFn<T> run;
  SparseScratchFn<T> scratch_of;
};

}  // namespace thalweg
