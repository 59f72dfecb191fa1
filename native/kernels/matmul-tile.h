// The innermost product: one tile of c in registers.
#pragma once

#include "isa/namespace.h"
#include "matmul-activation.h"
#include "matmul-prefetch.h"
#include "vector.h"

namespace thalweg::THALWEG_ISA {
namespace {

constexpr int kTileRows = Tuning::tile_rows;
constexpr int kTileVectors = Tuning::tile_vectors;

// A tile of few rows has registers for more columns. It reads longer pieces of b's rows.
constexpr int kWideRows = kTileRows / 2;
constexpr int kWideVectors = 2 * kTileVectors;

template <typename T>
constexpr int64_t kTileColumns = kTileVectors* kLanes<T>;

// What is done to a product x while it is in registers.
enum class Epilogue {
  store,            // c ← x
  accumulate,       // c ← alpha · x + c
  relu,             // c ← relu(x + bias)
  relu_derivative,  // c ← x ∘ derivative of relu at the state
};

// What all tiles of a panel have in common. a[i, k] is at a[i·a_row + k·a_depth], or at a[rows[i]·a_row + k]
// where rows are given. b[k, j] is at b[k·b_depth + j], or at b[b_depths[k]·b_depth + j]. c[i, j] and its
// state are at c[i·c_row + j] and state[i·c_row + j] of the whole, whose first element is at c_begin; bias[j]
// is at bias[j]. `next`, or null, is prefetched meanwhile.
template <typename T>
struct Common {
  int64_t a_row, a_depth;
  int64_t b_depth;
  const int32_t* b_depths;
  int64_t c_row;
  Epilogue epilogue;
  T alpha;
  const T* bias;
  const T* c_begin;
  const T* state;
  Prefetch* next;
};

// The layout of the operands. adjacent: the rows of a are side by side (packed or transposed), a fact that
// frees registers. packed: both are, R rows of a and kTileColumns of b from one term to the next; these
// distances are part of the instructions then. scattered_rows, scattered_depths: the rows of a, or of b, are
// where its list says; those of b with adjacent rows of a or with others.
enum class Layout { apart, adjacent, packed, scattered_rows, scattered_depths, adjacent_scattered_depths };

// c [R, V·lanes] ← a [R, K] · b [K, V·lanes], the columns of b side by side.
// Each element is one chain of multiply-adds in the order of k, for any R, V and layout.
// Arguments that differ from tile to tile come in registers. In a structure, written piece by piece and then
// copied in larger pieces, the copy would wait for all stores before it, those of the last tile too.
template <typename T, int R, int V, Layout layout>
void multiply_tile(int64_t K, const T* a, const int32_t* a_rows, const T* b, T* c, const Common<T>& common) {
  constexpr int64_t L = kLanes<T>;
  constexpr int64_t step = Tuning::terms_a_step;
  constexpr int64_t unrolled = Tuning::terms_unrolled;
  constexpr bool packed = layout == Layout::packed;
  constexpr bool adjacent =
      packed || layout == Layout::adjacent || layout == Layout::adjacent_scattered_depths;
  constexpr bool scattered_depths =
      layout == Layout::scattered_depths || layout == Layout::adjacent_scattered_depths;
  const int64_t row = adjacent ? 1 : common.a_row;
  const int64_t a_depth = packed ? R : common.a_depth;
  const int64_t b_depth = packed ? kTileColumns<T> : common.b_depth;
  const int64_t c_row = common.c_row;
  const T* line_of[R] = {};
  if constexpr (layout == Layout::scattered_rows) {
    for (int r = 0; r < R; ++r) line_of[r] = a + a_rows[r] * row;
  }
  Vector<T> sum[R][V] = {};
  const auto add_term = [&](int64_t k) __attribute__((always_inline)) {
    const T* from = b;
    if constexpr (scattered_depths) from += common.b_depths[k] * b_depth;
    Vector<T> line[V];
    for (int v = 0; v < V; ++v) line[v] = load(from + v * L);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const Vector<T> factor = broadcast(layout == Layout::scattered_rows ? line_of[r][k] : a[r * row]);
      for (int v = 0; v < V; ++v) sum[r][v] = multiply_add<T>(sum[r][v], factor, line[v]);
    }
    a += a_depth;
    if constexpr (!scattered_depths) b += b_depth;
  };
  const T* c_next = K < Tuning::least_steps * step ? c + R * c_row : c;
  const int64_t c_rows = K < R * step ? R : 1;
  for (int64_t begin = 0; begin < K; begin += step) {
    for (int64_t r = 0; r < c_rows && c_next < c + R * c_row; ++r, c_next += c_row) {
      prefetch(c_next);
      prefetch(c_next + V * L - 1);
    }
    if (common.next != nullptr) common.next->step();
    const int64_t end = begin + step < K ? begin + step : K;
    int64_t k = begin;
    for (; k + unrolled <= end; k += unrolled) {
#pragma GCC unroll 16
      for (int64_t t = 0; t < unrolled; ++t) add_term(k + t);
    }
    for (; k < end; ++k) add_term(k);
  }
  const auto put = [&](auto value) {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      for (int v = 0; v < V; ++v) {
        const int64_t at = r * c_row + v * L;
        store(c + at, value(sum[r][v], at, v));
      }
    }
  };
  if (common.epilogue == Epilogue::accumulate) {
    const T alpha = common.alpha;
    // Rounded: of a·b + c·d a compiler may fuse either product, here one and there the other, but a sum must
    // be the same in tiles of any height.
    put([&](Vector<T> x, int64_t at, int) {
      return in_register(alpha * x) + load(static_cast<const T*>(c + at));
    });
  } else if (common.epilogue == Epilogue::store) {
    put([](Vector<T> x, int64_t, int) { return x; });
  } else if (common.epilogue == Epilogue::relu) {
    Vector<T> bias[V];
    for (int v = 0; v < V; ++v) bias[v] = load(common.bias + v * L);
    put([&](Vector<T> x, int64_t, int v) { return activated<Activation::relu>(x + bias[v]); });
  } else {
    const T* state = common.state + (c - common.c_begin);
    put([&](Vector<T> x, int64_t at, int) { return x * derivative<Activation::relu>(load(state + at)); });
  }
}

template <typename T>
using TileFn = void (*)(int64_t K, const T* a, const int32_t* a_rows, const T* b, T* c,
                        const Common<T>& common);

// The multiply_tile of this many rows and vectors: kTileVectors, 1, or kWideVectors for at most kWideRows
// rows. Only with kTileVectors may something be scattered.
template <typename T, int R = kTileRows>
TileFn<T> tile_of(int64_t rows, int vectors, Layout layout) {
  if (rows == R) {
    const bool adjacent = layout == Layout::adjacent || layout == Layout::packed;
    if constexpr (R <= kWideRows) {
      if (vectors == kWideVectors) {
        return adjacent ? multiply_tile<T, R, kWideVectors, Layout::adjacent>
                        : multiply_tile<T, R, kWideVectors, Layout::apart>;
      }
    }
    if (vectors == 1)
      return adjacent ? multiply_tile<T, R, 1, Layout::adjacent> : multiply_tile<T, R, 1, Layout::apart>;
    switch (layout) {
      case Layout::apart:
        return multiply_tile<T, R, kTileVectors, Layout::apart>;
      case Layout::adjacent:
        return multiply_tile<T, R, kTileVectors, Layout::adjacent>;
      case Layout::packed:
        return multiply_tile<T, R, kTileVectors, Layout::packed>;
      case Layout::scattered_rows:
        return multiply_tile<T, R, kTileVectors, Layout::scattered_rows>;
      case Layout::scattered_depths:
        return multiply_tile<T, R, kTileVectors, Layout::scattered_depths>;
      case Layout::adjacent_scattered_depths:
        return multiply_tile<T, R, kTileVectors, Layout::adjacent_scattered_depths>;
    }
  }
  if constexpr (R > 1) return tile_of<T, R - 1>(rows, vectors, layout);
  return nullptr;
}

}  // namespace
}  // namespace thalweg::THALWEG_ISA
