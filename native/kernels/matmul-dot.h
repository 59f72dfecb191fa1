// Products of few rows with a transposed matrix: dot products, since to copy the matrix would cost more.
#pragma once

#include "matmul-pack.h"

namespace thalweg::THALWEG_ISA {
namespace {

constexpr int kDots = 4;  // at a time: independent sums, and as many streams from memory

// The sum of a vector's lanes, by halves: a chain of additions lane by lane takes longer than a short dot
// product.
template <typename T>
inline __attribute__((always_inline)) T sum_of_lanes(Vector<T> v) {
  T lanes[kLanes<T>];
  __builtin_memcpy(lanes, &v, sizeof(v));
#pragma GCC unroll 4
  for (int64_t half = kLanes<T> / 2; half > 0; half /= 2) {
    for (int64_t l = 0; l < half; ++l) lanes[l] += lanes[l + half];
  }
  return lanes[0];
}

// to[0 … kDots) = a [K] · b[0 … kDots) [K]. Unrolled whole, so that the sums stay in registers.
template <typename T>
void dots(int64_t K, const T* a, const T* const* b, T* to) {
  constexpr int64_t L = kLanes<T>;
  Vector<T> sum[kDots][2] = {};
  int64_t k = 0;
  for (; k + 2 * L <= K; k += 2 * L) {
    const Vector<T> a0 = load(a + k);
    const Vector<T> a1 = load(a + k + L);
#pragma GCC unroll 4
    for (int x = 0; x < kDots; ++x) {
      sum[x][0] += a0 * load(b[x] + k);
      sum[x][1] += a1 * load(b[x] + k + L);
    }
  }
  if (k + L <= K) {
    const Vector<T> a0 = load(a + k);
#pragma GCC unroll 4
    for (int x = 0; x < kDots; ++x) sum[x][0] += a0 * load(b[x] + k);
    k += L;
  }
#pragma GCC unroll 4
  for (int x = 0; x < kDots; ++x) {
    T total = sum_of_lanes<T>(sum[x][0] + sum[x][1]);
    for (int64_t rest = k; rest < K; ++rest) total += a[rest] * b[x][rest];
    to[x] = total;
  }
}

// tile [rows, columns ≤ kTileColumns] = a [rows, K] · b [columns, K]ᵀ
template <typename T>
void multiply_by_dots(int64_t K, int64_t rows, int64_t columns, const Factor<T>& a, const Factor<T>& b,
                      T alpha, T* tile) {
  constexpr int64_t C = kTileColumns<T>;
  for (int64_t j = 0; j < columns; j += kDots) {
    const T* line[kDots];
    for (int64_t x = 0; x < kDots; ++x) {
      line[x] = b.at(j + x < columns ? j + x : columns - 1, 0);
    }
    for (int64_t i = 0; i < rows; ++i) {
      T products[kDots];
      dots(K, a.at(i, 0), line, products);
      for (int64_t x = 0; x < kDots && j + x < columns; ++x) tile[i * C + j + x] = alpha * products[x];
    }
  }
}

}  // namespace
}  // namespace thalweg::THALWEG_ISA
