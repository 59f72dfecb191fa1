// The cost −ln softmax(y)_t of each row of scores y [rows, n] with label t [rows], and its gradient.
#pragma once

#include "types.h"

namespace thalweg {

// loss[r] = ln Σ_j e^(y[r, j]) − y[r, t[r]]
// dy[r, j] = dloss[r] · (softmax(y[r])_j − (j = t[r]))
// for the rows [begin, end). Either of loss and dy may be null, and dloss with dy. A label outside
// [0, n) leaves its row unwritten.
template <typename T>
struct CrossEntropyCall {
  int64_t n;
  const T* y;
  const int32_t* target;
  const T* dloss;
  T* loss;
  T* dy;
};

// Returns the first row whose label is outside [0, n), or −1.
template <typename T>
using CrossEntropyFn = int64_t (*)(const CrossEntropyCall<T>&, int64_t begin, int64_t end);

}  // namespace thalweg
