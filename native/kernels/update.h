// What an optimizer does to its parameters: one pass over weights w, gradient dw and state, in place.
#pragma once

#include "types.h"

namespace thalweg {

// g ← (maximize ? −dw : dw) + weight_decay·w
// v ← first ? g : momentum·v + (1 − dampening)·g
// w ← w − lr·(nesterov ? g + momentum·v : momentum ≠ 0 ? v : g)                  torch.optim.SGD
template <typename T>
struct SgdCall {
  T* w;
  const T* dw;
  T* velocity;  // null where momentum is 0
  double lr, momentum, dampening, weight_decay;
  bool nesterov, maximize, first;
};

// g ← (maximize ? −dw : dw) + weight_decay·w      (decoupled: w ← w·(1 − lr·weight_decay) instead)
// m ← β1·m + (1 − β1)·g;  v ← β2·v + (1 − β2)·g²;  [amsgrad: v̂ ← max(v̂, v)]
// w ← w − lr/(1 − β1ᵗ) · m / (√(v or v̂)/√(1 − β2ᵗ) + eps)                torch.optim.Adam, AdamW
template <typename T>
struct AdamCall {
  T* w;
  const T* dw;
  T* m;
  T* v;
  T* v_max;  // null without amsgrad
  double lr, beta1, beta2, eps, weight_decay, step;
  bool decoupled, maximize;
};

// Each updates the elements [begin, end).
template <typename T>
using SgdFn = void (*)(const SgdCall<T>&, int64_t begin, int64_t end);
template <typename T>
using AdamFn = void (*)(const AdamCall<T>&, int64_t begin, int64_t end);

}  // namespace thalweg
