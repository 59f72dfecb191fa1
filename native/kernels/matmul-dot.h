// Products of few rows with a transposed matrix, as dot products: a copy of the matrix would cost more.
#pragma once

#include "dot.h"
#include "matmul-pack.h"

namespace thalweg::THALWEG_ISA {
namespace {

constexpr int kDots = Tuning::dots;

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

constexpr int kDotTileRows = Tuning::dot_tile_rows;
constexpr int kDotTileLines = Tuning::dot_tile_lines;
// Rounded up to whole vectors of sums.
template <typename T>
constexpr int kDotTileSums = (kDotTileRows * kDotTileLines + static_cast<int>(kLanes<T>) - 1) /
                             static_cast<int>(kLanes<T>) * static_cast<int>(kLanes<T>);

// to [R, kDotTileLines] = a [R, K] · b [D, K]ᵀ for K of at least a vector; columns from D on are undefined.
// The terms are summed into a vector in the order of k, and then its lanes.
template <int R, int D, typename T>
void dot_tile(int64_t K, const T* const* a, const T* const* b, T* to) {
  constexpr int64_t L = kLanes<T>;
  constexpr bool keeps_rows = R <= D;
  constexpr int kept = keeps_rows ? R : D;
  Vector<T> sum[kDotTileSums<T>] = {};
  // The fewer ones stay in registers, so that each number is loaded once.
  const auto add = [&](auto load_at) {
    Vector<T> own[kept];
#pragma GCC unroll 8
    for (int i = 0; i < kept; ++i) own[i] = load_at(keeps_rows ? a[i] : b[i]);
#pragma GCC unroll 8
    for (int j = 0; j < R + D - kept; ++j) {
      const Vector<T> other = in_register(load_at(keeps_rows ? b[j] : a[j]));
#pragma GCC unroll 8
      for (int i = 0; i < kept; ++i) {
        Vector<T>& to_add = sum[keeps_rows ? i * kDotTileLines + j : j * kDotTileLines + i];
        to_add = multiply_add<T>(to_add, own[i], other);
      }
    }
  };
  int64_t k = 0;
  for (; k + L <= K; k += L) add([&](const T* from) { return load(from + k); });
  if (k < K) {
    const LastLanes<T> last(K - k);
    add([&](const T* from) { return last.load_before(from + K); });
  }
#pragma GCC unroll 8
  for (int64_t at = 0; at < R * kDotTileLines; at += L) store(to + at, sums_of_lanes<T>(sum + at));
}

template <typename T>
using DotTileFn = void (*)(int64_t K, const T* const* a, const T* const* b, T* to);

template <typename T, int R = kDotTileRows, int D = kDotTileLines>
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
  static_assert(kDotTileLines <= C);
  const T* left[kDotTileRows];
  for (int64_t i = 0; i < rows; ++i) left[i] = a.at(i, 0);
  for (int64_t j = 0; j < columns; j += kDotTileLines) {
    const int64_t lines = columns - j < kDotTileLines ? columns - j : kDotTileLines;
    const T* right[kDotTileLines];
    for (int64_t x = 0; x < lines; ++x) right[x] = b.at(j + x, 0);
    T products[kDotTileSums<T>];
    dot_tile_of<T>(rows, lines)(K, left, right, products);
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t x = 0; x < lines; ++x) tile[i * C + j + x] = alpha * products[i * kDotTileLines + x];
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
