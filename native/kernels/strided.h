// y (contiguous, of `shape`) [i₀, i₁, …] = x[offset + Σ i_d · strides_d]: permute, expand, slice, flip.
#pragma once

#include "types.h"

namespace thalweg {

constexpr int32_t kMaxRank = 8;

// Copies the part of y whose index along the first axis is in [begin, end).
struct StridedCall {
  int32_t rank;  // at least 1
  int64_t shape[kMaxRank];
  int64_t strides[kMaxRank];
  int64_t offset;
  int64_t begin, end;
  const void* x;
  void* y;
};

using StridedFn = void (*)(const StridedCall&);

}  // namespace thalweg
