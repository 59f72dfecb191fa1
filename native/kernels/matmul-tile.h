// The innermost product: one tile of c in registers.
#pragma once

#include "isa/namespace.h"
#include "matmul-activation.h"
#include "matmul-fetch.h"
#include "vector.h"

namespace thalweg::THALWEG_ISA {
namespace {

// Rows of a tile, of two vectors each: as many accumulators as there are registers for, less two for a
// line of b and one or two for a factor of a. Every number gives the right results: the tests choose others.
#if defined(THALWEG_TILE_ROWS)
constexpr int kTileRows = THALWEG_TILE_ROWS;
#elif defined(__AVX512F__)
constexpr int kTileRows = 14;  // 28 accumulators of 32 registers
#elif defined(__aarch64__)
constexpr int kTileRows = 12;  // 24 of 32
#elif defined(__FMA__)
constexpr int kTileRows = 6;  // 12 of 16
#else
constexpr int kTileRows = 4;  // 8 of 16: without FMA each product needs a register too
#endif
constexpr int kTileVectors = 2;

// A tile of few rows has registers for more columns, so that it reads longer pieces of b's rows.
constexpr int kWideRows = kTileRows / 2;
constexpr int kWideVectors = 2 * kTileVectors;

template <typename T>
constexpr int64_t kTileColumns = kTileVectors* kLanes<T>;

// So many terms are added up between two steps of what is fetched.
constexpr int64_t kTermsAStep = 8;

// What becomes of a product x while it is in registers.
enum class Ending {
  put,    // c ← x
  add,    // c ← alpha · x + c
  relu,   // c ← relu(x + bias)
  slope,  // c ← x ∘ slope of relu at the state
};

// What the tiles of a panel have in common: a[i, k] is at a[i·a_row + k·a_depth], or at a[rows[i]·a_row + k]
// where rows are given; b[k, j] at b[k·b_depth + j], or b[b_depths[k]·b_depth + j]; c[i, j] and its state at
// c[i·c_row + j] and state[i·c_row + j] of the whole, whose first element is at c_begin; bias[j] at bias[j].
// `coming`, or null, is fetched meanwhile.
template <typename T>
struct Common {
  int64_t a_row, a_depth;
  int64_t b_depth;
  const int32_t* b_depths;
  int64_t c_row;
  Ending ending;
  T alpha;
  const T* bias;
  const T* c_begin;
  const T* state;
  Fetch* coming;
};

// How the operands lie. adjacent: the rows of a are side by side (packed or transposed), a fact that frees
// registers. scattered_rows and scattered_depths: a's rows, or b's, lie where its list says; those of b
// beside adjacent rows of a or others.
enum class Lie { apart, adjacent, scattered_rows, scattered_depths, adjacent_scattered_depths };

// c [R, V·lanes] ← a [R, K] · b [K, V·lanes], the columns of b side by side.
// Each element is one chain of multiply-adds in the order of k, whatever R, V and how the operands lie.
// What differs from tile to tile comes in registers: of a structure, just written piece by piece and copied
// in larger ones, the copy would wait for every store before it, and those are of the tile before.
template <typename T, int R, int V, Lie lie>
void multiply_tile(int64_t K, const T* a, const int32_t* a_rows, const T* b, T* c, const Common<T>& common) {
  constexpr int64_t L = kLanes<T>;
  constexpr bool adjacent = lie == Lie::adjacent || lie == Lie::adjacent_scattered_depths;
  constexpr bool scattered_depths = lie == Lie::scattered_depths || lie == Lie::adjacent_scattered_depths;
  const int64_t row = adjacent ? 1 : common.a_row;
  const int64_t c_row = common.c_row;
  const T* line_of[R] = {};
  if constexpr (lie == Lie::scattered_rows) {
    for (int r = 0; r < R; ++r) line_of[r] = a + a_rows[r] * row;
  }
  Vector<T> sum[R][V] = {};
  const T* c_coming = K < 4 * kTermsAStep ? c + R * c_row : c;  // not worth it
  const int64_t c_rows = K < R * kTermsAStep ? R : 1;
  for (int64_t begin = 0; begin < K; begin += kTermsAStep) {
    for (int64_t r = 0; r < c_rows && c_coming < c + R * c_row; ++r, c_coming += c_row) {
      fetch(c_coming);
      fetch(c_coming + V * L - 1);
    }
    if (common.coming != nullptr) common.coming->step();
    const int64_t end = begin + kTermsAStep < K ? begin + kTermsAStep : K;
    for (int64_t k = begin; k < end; ++k) {
      const T* from = b;
      if constexpr (scattered_depths) from += common.b_depths[k] * common.b_depth;
      Vector<T> line[V];
      for (int v = 0; v < V; ++v) line[v] = load(from + v * L);
#pragma GCC unroll 16
      for (int r = 0; r < R; ++r) {
        const T factor = lie == Lie::scattered_rows ? line_of[r][k] : a[r * row];
        for (int v = 0; v < V; ++v) sum[r][v] += factor * line[v];
      }
      a += common.a_depth;
      if constexpr (!scattered_depths) b += common.b_depth;
    }
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
  if (common.ending == Ending::add) {
    const T alpha = common.alpha;
    // Rounded: of a·b + c·d a compiler may fuse either product, here one and there the other, but a sum must
    // come to the same in tiles of any height.
    put([&](Vector<T> x, int64_t at, int) {
      return in_register(alpha * x) + load(static_cast<const T*>(c + at));
    });
  } else if (common.ending == Ending::put) {
    put([](Vector<T> x, int64_t, int) { return x; });
  } else if (common.ending == Ending::relu) {
    Vector<T> bias[V];
    for (int v = 0; v < V; ++v) bias[v] = load(common.bias + v * L);
    put([&](Vector<T> x, int64_t, int v) { return activated<Activation::relu>(x + bias[v]); });
  } else {
    const T* state = common.state + (c - common.c_begin);
    put([&](Vector<T> x, int64_t at, int) { return x * slope<Activation::relu>(load(state + at)); });
  }
}

template <typename T>
using TileFn = void (*)(int64_t K, const T* a, const int32_t* a_rows, const T* b, T* c,
                        const Common<T>& common);

// The multiply_tile of so many rows and vectors: 2, or 1 or, of at most kWideRows, kWideVectors where nothing
// is scattered.
template <typename T, int R = kTileRows>
TileFn<T> tile_of(int64_t rows, int vectors, Lie lie) {
  if (rows == R) {
    const bool adjacent = lie == Lie::adjacent;
    if constexpr (R <= kWideRows) {
      if (vectors == kWideVectors) {
        return adjacent ? multiply_tile<T, R, kWideVectors, Lie::adjacent>
                        : multiply_tile<T, R, kWideVectors, Lie::apart>;
      }
    }
    if (vectors == 1)
      return adjacent ? multiply_tile<T, R, 1, Lie::adjacent> : multiply_tile<T, R, 1, Lie::apart>;
    switch (lie) {
      case Lie::apart:
        return multiply_tile<T, R, 2, Lie::apart>;
      case Lie::adjacent:
        return multiply_tile<T, R, 2, Lie::adjacent>;
      case Lie::scattered_rows:
        return multiply_tile<T, R, 2, Lie::scattered_rows>;
      case Lie::scattered_depths:
        return multiply_tile<T, R, 2, Lie::scattered_depths>;
      case Lie::adjacent_scattered_depths:
        return multiply_tile<T, R, 2, Lie::adjacent_scattered_depths>;
    }
  }
  if constexpr (R > 1) return tile_of<T, R - 1>(rows, vectors, lie);
  return nullptr;
}

}  // namespace
}  // namespace thalweg::THALWEG_ISA
