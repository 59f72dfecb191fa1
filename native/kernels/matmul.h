// c [M, N] = activation(alpha · op(a) [M, K] · op(b) [K, N] + beta · c + bias [N]) ∘ slope(state)
// op(x) is x or its transpose; all matrices are row-major.
#pragma once

#include "types.h"

namespace thalweg {

template <typename T>
struct MatmulCall {
  int64_t M, N, K;
  const T* a;             // [M, K], or [K, M] where transpose_a
  const T* b;             // [K, N], or [N, K] where transpose_b
  T* c;                   // [M, N]; not read where beta is 0
  int64_t lda, ldb, ldc;  // elements from one stored row to the next
  // Stored row r of a is a's a_rows[r]-th, that of b b's b_rows[r]-th: a mini-batch where its samples lie.
  // Null where the rows are those of the matrix.
  const int32_t* a_rows;
  const int32_t* b_rows;
  bool transpose_a, transpose_b;
  T alpha, beta;
  const T* bias;  // [N], or null
  Activation activation;
  // Multiplies each element by the slope of an activation whose output is `state` [M, N] (row stride
  // lds): relu 1 where state > 0 else 0; tanh 1 − state²; sigmoid state·(1 − state). Null: no factor.
  const T* state;
  int64_t lds;
  Activation state_activation;
  // Shared by the team, aligned to 64 bytes, of at least matmul_scratch(…) bytes.
  void* scratch;
};

// The rows of a product with no more elements of b than these may be divided among calls of at least five
// rows: each element is the same sum.
constexpr int64_t kFewElements = 8192;

template <typename T>
using MatmulFn = void (*)(const MatmulCall<T>&, const Team&);

// Bytes of scratch that the call needs when a team of `threads` runs it.
template <typename T>
using MatmulScratchFn = int64_t (*)(const MatmulCall<T>&, int32_t threads);

}  // namespace thalweg
