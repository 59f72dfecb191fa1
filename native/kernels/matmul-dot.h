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

// Rows of a that are multiplied with kDots lines of b at a time: as many sums as there are registers for.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kDotTileRows = 4;
#else
constexpr int kDotTileRows = 2;
#endif

// to [R, kDots] = a [R, K] · b [D, K]ᵀ for K of at least a vector; columns from D on mean nothing. A sum is a
// vector's, in the order of k, and then that of its lanes.
template <int R, int D, typename T>
void dot_tile(int64_t K, const T* const* a, const T* const* b, T* to) {
  constexpr int64_t L = kLanes<T>;
  constexpr int sums = kDotTileRows * kDots;
  Vector<T> sum[sums] = {};
  int64_t k = 0;
  for (; k + L <= K; k += L) {
    Vector<T> line[R];
    for (int r = 0; r < R; ++r) line[r] = load(a[r] + k);
#pragma GCC unroll 4
    for (int x = 0; x < D; ++x) {
      const Vector<T> other = load(b[x] + k);
#pragma GCC unroll 4
      for (int r = 0; r < R; ++r) sum[r * kDots + x] += line[r] * other;
    }
  }
  if (k < K) {
    const LastLanes<T> last(K - k);
    Vector<T> line[R];
    for (int r = 0; r < R; ++r) line[r] = last.load_before(a[r] + K);
#pragma GCC unroll 4
    for (int x = 0; x < D; ++x) {
      const Vector<T> other = last.load_before(b[x] + K);
#pragma GCC unroll 4
      for (int r = 0; r < R; ++r) sum[r * kDots + x] += line[r] * other;
    }
  }
#pragma GCC unroll 8
  for (int64_t at = 0; at < R * kDots; at += L) store(to + at, sums_of_lanes<T>(sum + at));
}

template <typename T>
using DotTileFn = void (*)(int64_t K, const T* const* a, const T* const* b, T* to);

template <typename T, int R = kDotTileRows, int D = kDots>
DotTileFn<T> dot_tile_of(int64_t rows, int64_t lines) {
  if (rows == R && lines == D) return dot_tile<R, D, T>;
  if constexpr (R > 1) {
    if (rows < R) return dot_tile_of<T, R - 1, D>(rows, lines);
  }
  if constexpr (D > 1) return dot_tile_of<T, R, D - 1>(rows, lines);
  return nullptr;
}

// tile [rows ≤ kDotTileRows, columns ≤ kTileColumns] = alpha · a [rows, K] · b [columns, K]ᵀ
template <typename T>
void multiply_by_dot_tiles(int64_t K, int64_t rows, int64_t columns, const Factor<T>& a, const Factor<T>& b,
                           T alpha, T* tile) {
  constexpr int64_t C = kTileColumns<T>;
  const T* left[kDotTileRows];
  for (int64_t i = 0; i < rows; ++i) left[i] = a.at(i, 0);
  for (int64_t j = 0; j < columns; j += kDots) {
    const int64_t lines = columns - j < kDots ? columns - j : kDots;
    const T* right[kDots];
    for (int64_t x = 0; x < lines; ++x) right[x] = b.at(j + x, 0);
    T products[kDotTileRows * kDots];
    dot_tile_of<T>(rows, lines)(K, left, right, products);
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t x = 0; x < kDots; ++x) tile[i * C + j + x] = alpha * products[i * kDots + x];
    }
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
