// The innermost product: one tile of c in registers.
#pragma once

#include "isa/namespace.h"
#include "vector.h"

namespace thalweg::THALWEG_ISA {
namespace {

// Rows of a tile, of two vectors each: as many accumulators as there are registers for, less two for a
// line of b and one or two for a factor of a.
#if defined(__AVX512F__)
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

template <typename T>
inline __attribute__((always_inline)) void store(T* to, Vector<T> v) {
  __builtin_memcpy(to, &v, sizeof(v));
}

// A product that is not taken into a multiply-add: of a·b + c·d a compiler may fuse either, here one and
// there the other, but a sum must come to the same in tiles of any height.
template <typename T>
inline __attribute__((always_inline)) T rounded(T v) {
#if defined(__aarch64__)
  asm("" : "+w"(v));
#elif defined(__AVX512F__)
  asm("" : "+v"(v));
#else
  asm("" : "+x"(v));
#endif
  return v;
}

// Where the elements of a left operand are: a[i, k] at data[i·row + k·depth].
template <typename T>
struct Left {
  const T* data;
  int64_t row, depth;
};

// Where those of a right operand are: b[k, j] at data[k·depth + j·column].
template <typename T>
struct Right {
  const T* data;
  int64_t depth, column;
};

// c ← alpha · product + beta · c; c is not read where beta is 0.
template <typename T>
struct Target {
  T* data;
  int64_t row;
  T alpha, beta;
};

// c [R, V·lanes] ← a [R, K] · b [K, V·lanes], the columns of b side by side.
// Each element is one chain of multiply-adds in the order of k, whatever R and V.
// adjacent: the rows of a are side by side too (packed or transposed), a fact that frees registers.
template <typename T, int R, int V, bool adjacent>
void multiply_tile(int64_t K, Left<T> a, Right<T> b, const Target<T>& c) {
  constexpr int64_t L = kLanes<T>;
  const int64_t row = adjacent ? 1 : a.row;
  // On its way while the product is computed, if that takes long enough.
  for (int r = 0; r < R && K >= 32; ++r) {
    __builtin_prefetch(c.data + r * c.row);
    __builtin_prefetch(c.data + r * c.row + V * L - 1);
  }
  Vector<T> sum[R][V] = {};
  for (int64_t k = 0; k < K; ++k) {
    Vector<T> line[V];
    for (int v = 0; v < V; ++v) line[v] = load(b.data + v * L);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const T factor = a.data[r * row];
      for (int v = 0; v < V; ++v) sum[r][v] += factor * line[v];
    }
    a.data += a.depth;
    b.data += b.depth;
  }
  if (c.beta == 0) {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      for (int v = 0; v < V; ++v) store(c.data + r * c.row + v * L, c.alpha * sum[r][v]);
    }
  } else {
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      for (int v = 0; v < V; ++v) {
        T* to = c.data + r * c.row + v * L;
        store(to, rounded(c.alpha * sum[r][v]) + c.beta * load(static_cast<const T*>(to)));
      }
    }
  }
}

template <typename T>
using TileFn = void (*)(int64_t K, Left<T> a, Right<T> b, const Target<T>& c);

// The multiply_tile of so many rows and vectors (1, 2 or, of at most kWideRows, kWideVectors).
template <typename T, int R = kTileRows>
TileFn<T> tile_of(int64_t rows, int vectors, bool adjacent) {
  if (rows == R) {
    if constexpr (R <= kWideRows) {
      if (vectors == kWideVectors) {
        return adjacent ? multiply_tile<T, R, kWideVectors, true> : multiply_tile<T, R, kWideVectors, false>;
      }
    }
    if (vectors == 1) return adjacent ? multiply_tile<T, R, 1, true> : multiply_tile<T, R, 1, false>;
    return adjacent ? multiply_tile<T, R, 2, true> : multiply_tile<T, R, 2, false>;
  }
  if constexpr (R > 1) return tile_of<T, R - 1>(rows, vectors, adjacent);
  return nullptr;
}

}  // namespace
}  // namespace thalweg::THALWEG_ISA
