// c [M, N] = activation(alpha · op(a) [M, K] · op(b) [K, N] + beta · c + bias [N]) ∘ derivative(state)
// op(x) is x or its transpose; all matrices are row-major.
#pragma once

#include "isa/tuning.h"
#include "types.h"

namespace thalweg {

// Terms of a product whose result a sink takes, at most.
template <typename T>
constexpr int64_t kSinkDepth = kSinkBytes / static_cast<int64_t>(sizeof(T));

// Takes the tiles of a product instead of c, while they are in the cache. Each element comes once.
template <typename T>
struct TileSink {
  const void* self;
  // The tile that is computed next: [rows, columns] from [i, j] on.
  void (*expect)(const void* self, int64_t i, int64_t j, int64_t rows, int64_t columns);
  // x [rows, columns], its rows `stride` apart, are the elements from [i, j] on.
  void (*take)(const void* self, int64_t i, int64_t j, const T* x, int64_t stride, int64_t rows,
               int64_t columns);
};

// In: elements of a and b. Acc: sums, and what is done to them before they are stored. Out: elements of c,
// of the bias and of the state. With bfloat16 as a type, bfloat16 storage with float32 sums is
// MatmulCall<bfloat16, float, bfloat16>; no kernel is built for it.
template <typename In, typename Acc, typename Out>
struct MatmulCall {
  int64_t M, N, K;
  const In* a;            // [M, K], or [K, M] where transpose_a
  const In* b;            // [K, N], or [N, K] where transpose_b
  Out* c;                 // [M, N]; not read where beta is 0, not touched where there is a sink
  int64_t lda, ldb, ldc;  // elements from one stored row to the next
  // Row r of the matrix is row a_rows[r], or b_rows[r], in memory: a mini-batch read in place from its data
  // set. Null where row r is row r.
  const int32_t* a_rows;
  const int32_t* b_rows;
  bool transpose_a, transpose_b;
  Acc alpha, beta;
  const Out* bias;  // [N], or null
  Activation activation;
  // Multiplies each element by the derivative of an activation whose output is `state` [M, N] (row stride
  // lds): relu 1 where state > 0 else 0; tanh 1 − state²; sigmoid state·(1 − state). Null: no factor.
  const Out* state;
  int64_t lds;
  Activation state_activation;
  // Takes the result of a product of at most kSinkDepth terms and beta 0, where it is not null.
  const TileSink<Acc>* sink;
  Caches caches;
  // One for each thread of the team, or null: then each does its own share.
  PiecesTaken* taken;
  int32_t takers;  // how many these are: fewer where the number of threads was changed meanwhile
  // Shared by the team, aligned to 64 bytes, of at least matmul_scratch(…) bytes.
  void* scratch;
};

// The products that kernels are built for: one type for all, float or double.
template <typename T>
using MatmulCallOf = MatmulCall<T, T, T>;

template <typename T>
using MatmulFn = void (*)(const MatmulCallOf<T>&, const Team&);

// Products of one shape, computed one after the other on one thread. From one product to the next a, b and
// the bias move on by these numbers of elements, and c by M · N. All products use the scratch of the first.
struct MatmulStack {
  int64_t count;
  int64_t next_a, next_b, next_bias;
};
template <typename T>
using MatmulStackFn = void (*)(const MatmulCallOf<T>& first, const MatmulStack&);

// Moves on by `steps` products of a stack.
template <typename T>
void advance(MatmulCallOf<T>& call, const MatmulStack& stack, int64_t steps = 1) {
  call.a += steps * stack.next_a;
  call.b += steps * stack.next_b;
  if (call.bias != nullptr) call.bias += steps * stack.next_bias;
  call.c += steps * call.M * call.N;
}

// A stack by a kernel for one product.
template <typename T>
void run_each(MatmulFn<T> run, MatmulCallOf<T> call, const MatmulStack& stack) {
  for (int64_t s = 0; s < stack.count; ++s, advance(call, stack)) run(call, Team{});
}

// Bytes of scratch that the call, with a sink or without one, needs when a team of `threads` runs it.
template <typename T>
using MatmulScratchFn = int64_t (*)(const MatmulCallOf<T>&, int32_t threads);

}  // namespace thalweg
