// Products of few rows with a transposed matrix: dot products, since to copy the matrix would cost more.
#pragma once

#include "dot.h"
#include "matmul-pack.h"

namespace thalweg::THALWEG_ISA {
namespace {

constexpr int kDots = 4;  // at a time: independent sums, and as many streams from memory

// to[0 … kDots) = a [K] · b[0 … kDots) [K]. Unrolled whole, so that the sums stay in registers.
template <typename T>
void dots(int64_t K, const T* a, const T* const* b, T* to) {
  constexpr int64_t L = kLanes<T>;
  DotSum<T> sum[kDots];
  int64_t k = 0;
  for (; k + 2 * L <= K; k += 2 * L) {
    const Vector<T> a0 = load(a + k);
    const Vector<T> a1 = load(a + k + L);
#pragma GCC unroll 4
    for (int x = 0; x < kDots; ++x) {
      sum[x].even += a0 * load(b[x] + k);
      sum[x].odd += a1 * load(b[x] + k + L);
    }
  }
  if (k + L <= K) {
    const Vector<T> a0 = load(a + k);
#pragma GCC unroll 4
    for (int x = 0; x < kDots; ++x) sum[x].even += a0 * load(b[x] + k);
    k += L;
  }
  if (k < K && K >= L) {
    const LastLanes<T> last(K - k);
    k = K;
    const Vector<T> a1 = last.load_before(a + K);
#pragma GCC unroll 4
    for (int x = 0; x < kDots; ++x) sum[x].odd += a1 * last.load_before(b[x] + K);
  }
#pragma GCC unroll 4
  for (int x = 0; x < kDots; ++x) {
    T total = sum[x].total();
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
