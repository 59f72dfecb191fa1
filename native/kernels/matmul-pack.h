// Copies of operands in the order in which the tiles read them.
#pragma once

#include "matmul-tile.h"

namespace thalweg::THALWEG_ISA {
namespace {

// Four or eight numbers of a row, and the transpose of as many rows: each round interleaves row i with
// row i + n/2.
typedef float Float4 __attribute__((vector_size(16)));
typedef float Float8 __attribute__((vector_size(32)));
typedef double Double4 __attribute__((vector_size(32)));

THALWEG_INLINE void interleave(const Float8& a, const Float8& b, Float8* to) {
  to[0] = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
  to[1] = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}
THALWEG_INLINE void interleave(const Float4& a, const Float4& b, Float4* to) {
  to[0] = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  to[1] = __builtin_shufflevector(a, b, 2, 6, 3, 7);
}
THALWEG_INLINE void interleave(const Double4& a, const Double4& b, Double4* to) {
  to[0] = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  to[1] = __builtin_shufflevector(a, b, 2, 6, 3, 7);
}

// to[k·width + s] = from[s·stride + k] for s < n, k < K, where a Line holds n numbers.
template <typename Line, typename T>
THALWEG_INLINE void transpose_lines(int64_t K, const T* from, int64_t stride, int64_t width, T* to) {
  constexpr int64_t n = sizeof(Line) / sizeof(T);
  int64_t k = 0;
  for (; k + n <= K; k += n) {
    Line x[n];
    Line y[n];
    for (int64_t s = 0; s < n; ++s) __builtin_memcpy(&x[s], from + s * stride + k, sizeof(Line));
    for (int64_t round = 1; round < n; round *= 2) {
      for (int64_t s = 0; s < n / 2; ++s) interleave(x[s], x[s + n / 2], y + 2 * s);
      __builtin_memcpy(x, y, sizeof(y));
    }
    for (int64_t s = 0; s < n; ++s) __builtin_memcpy(to + (k + s) * width, &x[s], sizeof(Line));
  }
  for (; k < K; ++k) {
    for (int64_t s = 0; s < n; ++s) to[k * width + s] = from[s * stride + k];
  }
}

// to[k·width + j] = from[j·stride + k] for j < n, k < K: rows of `from` become columns.
inline int64_t pack_lines(int64_t K, int64_t n, const float* from, int64_t stride, int64_t width, float* to) {
  int64_t j = 0;
  for (; j + 8 <= n; j += 8) transpose_lines<Float8>(K, from + j * stride, stride, width, to + j);
  for (; j + 4 <= n; j += 4) transpose_lines<Float4>(K, from + j * stride, stride, width, to + j);
  return j;
}
inline int64_t pack_lines(int64_t K, int64_t n, const double* from, int64_t stride, int64_t width,
                          double* to) {
  int64_t j = 0;
  for (; j + 4 <= n; j += 4) transpose_lines<Double4>(K, from + j * stride, stride, width, to + j);
  return j;
}
template <typename T>
void pack_transposed(int64_t K, int64_t n, const T* from, int64_t stride, int64_t width, T* to) {
  for (int64_t j = pack_lines(K, n, from, stride, width, to); j < n; ++j) {
    for (int64_t k = 0; k < K; ++k) to[k * width + j] = from[j * stride + k];
  }
}

// to[k·width + j] = from[k·stride + j] for j < n, k < K.
template <typename T>
void pack_straight(int64_t K, int64_t n, const T* from, int64_t stride, int64_t width, T* to) {
  for (int64_t k = 0; k < K; ++k) {
    if (n == width) {
      for (int64_t j = 0; j < width; ++j) to[k * width + j] = from[k * stride + j];
    } else {
      for (int64_t j = 0; j < n; ++j) to[k * width + j] = from[k * stride + j];
    }
  }
}

// One panel of kTileRows rows of a, those behind `rows` left as they are: nobody reads them.
template <typename T>
void pack_left(int64_t K, int64_t rows, Left<T> a, T* to) {
  if (a.depth == 1) {
    pack_transposed(K, rows, a.data, a.row, kTileRows, to);
  } else {
    pack_straight(K, rows, a.data, a.depth, kTileRows, to);
  }
}

// One panel of kTileColumns columns of b, zeros behind `columns`: tiles read whole vectors.
template <typename T>
void pack_right(int64_t K, int64_t columns, Right<T> b, T* to) {
  constexpr int64_t C = kTileColumns<T>;
  if (columns < C) __builtin_memset(to, 0, sizeof(T) * static_cast<size_t>(K * C));
  if (b.column == 1) {
    pack_straight(K, columns, b.data, b.depth, C, to);
  } else {
    pack_transposed(K, columns, b.data, b.column, C, to);
  }
}

}  // namespace
}  // namespace thalweg::THALWEG_ISA
