// Eigenvalues and eigenvectors of a symmetric matrix.
#pragma once

#include "types.h"

namespace thalweg {

// (x + xᵀ)/2 = V·diag(values)·Vᵀ for x [n, n]. The values ascend; the columns of V = vectors [n, n] are
// orthonormal. The first component of a column whose absolute value is at least kEighLargest of its largest
// is positive. vectors is null where the values alone are wanted.
template <typename T>
struct EighCall {
  int64_t n;
  const T* x;
  T* values;
  T* vectors;
  void* scratch;  // as much as EighScratchFn says, 64-byte aligned
};

enum class EighResult : int32_t { done, not_finite, not_converged };

// Less than 1: which of equal components is the largest must not depend on how they were rounded.
constexpr double kEighLargest = 1 - 0x1p-10;
// QL steps for each eigenvalue, on average; two are usual.
constexpr int64_t kEighSteps = 30;

template <typename T>
using EighFn = EighResult (*)(const EighCall<T>&);

// Bytes of scratch for a matrix [n, n].
template <typename T>
using EighScratchFn = int64_t (*)(int64_t n);

}  // namespace thalweg
