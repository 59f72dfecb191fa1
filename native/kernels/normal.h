// Normal random numbers, a function of a seed and a counter.
#pragma once

#include "types.h"

namespace thalweg {

// y[i] = mean + std·z for i < n. Each four z are those of one step of the counter.
template <typename T>
struct NormalCall {
  uint64_t seed, counter;
  double mean, std;
  T* y;
  int64_t n;
};

template <typename T>
using NormalFn = void (*)(const NormalCall<T>&);

}  // namespace thalweg
