// The updates of optimizers: one pass over weights w, gradient dw and state, in place.
#pragma once

#include "matmul.h"
#include "types.h"

namespace thalweg {

// The gradient of weights w: its elements, or, for w [rows, columns] at one sample, two vectors whose outer
// product it is: dw[r, j] = factors[r] · elements[j].
template <typename T>
struct Gradient {
  const T* elements;
  const T* factors;  // [rows], or null
  int64_t columns;   // with factors
};

// For weights w [rows, columns] whose gradient is an outer product: y[r] ← Σ w[r, j]·x[j] with the updated
// weights, in the same pass and with the same bits as the matmul of one row.
template <typename T>
struct NextProduct {
  const T* x;  // [columns], at least one vector of them; null: it is not asked for
  T* y;        // [rows]
};

// g ← (maximize ? −dw : dw) + weight_decay·w
// v ← first ? g : momentum·v + (1 − dampening)·g
// w ← w − lr·(nesterov ? g + momentum·v : momentum ≠ 0 ? v : g)                  torch.optim.SGD
template <typename T>
struct SgdCall {
  T* w;
  Gradient<T> dw;
  T* velocity;  // null where momentum is 0
  double lr, momentum, dampening, weight_decay;
  bool nesterov, maximize, first;
  NextProduct<T> next;
};

// g ← (maximize ? −dw : dw) + weight_decay·w      (decoupled: w ← w·(1 − lr·weight_decay) instead)
// m ← β1·m + (1 − β1)·g;  v ← β2·v + (1 − β2)·g²;  [amsgrad: v̂ ← max(v̂, v)]
// w ← w − lr/(1 − β1ᵗ) · m / (√(v or v̂)/√(1 − β2ᵗ) + eps)                torch.optim.Adam, AdamW
template <typename T>
struct AdamCall {
  T* w;
  Gradient<T> dw;
  T* m;
  T* v;
  T* v_max;  // null without amsgrad
  double lr, beta1, beta2, eps, weight_decay, step;
  bool decoupled, maximize;
  NextProduct<T> next;
};

// Each updates the elements [begin, end); where the gradient is an outer product, the rows [begin, end).
template <typename T>
using SgdFn = void (*)(const SgdCall<T>&, int64_t begin, int64_t end);
template <typename T>
using AdamFn = void (*)(const AdamCall<T>&, int64_t begin, int64_t end);

// Each updates weights w [M, N] by their gradient as a product of at most kSinkDepth terms. The gradient is
// never written: each of its tiles is used up in the cache. The call's dw and the product's c are not read.
// Every thread of the team calls it.
template <typename T>
using SgdProductFn = void (*)(const SgdCall<T>&, const MatmulCallOf<T>&, MatmulFn<T>, const Team&);
template <typename T>
using AdamProductFn = void (*)(const AdamCall<T>&, const MatmulCallOf<T>&, MatmulFn<T>, const Team&);

}  // namespace thalweg
