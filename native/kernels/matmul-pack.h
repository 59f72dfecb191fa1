// Copies of operands in the order in which the tiles read them.
#pragma once

#include "matmul-tile.h"

namespace thalweg::THALWEG_ISA {
namespace {

#if defined(__AVX__)
constexpr int kLineBytes = 32;
#else
constexpr int kLineBytes = 16;
#endif

// A factor of the product: element k of line i (a row of the left one, a column of the right one) is at
// data[i·along + k·depth]. Where `lines` or `depths` is given, it says which line, or which k, is meant.
template <typename T>
struct Factor {
  const T* data;
  int64_t along, depth;
  const int32_t* lines = nullptr;
  const int32_t* depths = nullptr;

  const T* at(int64_t i, int64_t k) const {
    return data + (lines == nullptr ? i : lines[i]) * along + (depths == nullptr ? k : depths[k]) * depth;
  }
  // The part that begins with element k of line i.
  Factor from(int64_t i, int64_t k) const {
    return {data + (lines == nullptr ? i * along : 0) + (depths == nullptr ? k * depth : 0), along, depth,
            lines == nullptr ? nullptr : lines + i, depths == nullptr ? nullptr : depths + k};
  }
  bool is_scattered() const { return lines != nullptr || depths != nullptr; }
  // Whether the elements of a line lie side by side.
  bool has_whole_lines() const { return depth == 1 && depths == nullptr; }
  // Whether the lines lie side by side.
  bool has_whole_depths() const { return along == 1 && lines == nullptr; }
};

// A piece of a row: as many numbers as rows are transposed at a time.
template <typename T>
constexpr int64_t kLine = kLineBytes / static_cast<int64_t>(sizeof(T));
template <typename T>
struct LineOf {
  typedef T Type __attribute__((vector_size(kLineBytes)));
};
template <typename T>
using Line = typename LineOf<T>::Type;

// Transposes a square of lines, x → y, by shuffles that stay within 16 bytes and one that does not.
inline __attribute__((always_inline)) void transpose_square(const Line<float>* x, Line<float>* y) {
#if defined(__AVX__)
  Line<float> pair[8];
  Line<float> four[8];
  for (int s = 0; s < 8; s += 2) {
    pair[s] = __builtin_shufflevector(x[s], x[s + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    pair[s + 1] = __builtin_shufflevector(x[s], x[s + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (int s = 0; s < 8; s += 4) {
    for (int h = 0; h < 2; ++h) {
      four[s + 2 * h] = __builtin_shufflevector(pair[s + h], pair[s + 2 + h], 0, 1, 8, 9, 4, 5, 12, 13);
      four[s + 2 * h + 1] = __builtin_shufflevector(pair[s + h], pair[s + 2 + h], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
  for (int s = 0; s < 4; ++s) {
    y[s] = __builtin_shufflevector(four[s], four[s + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    y[s + 4] = __builtin_shufflevector(four[s], four[s + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
#else
  const Line<float> a = __builtin_shufflevector(x[0], x[1], 0, 4, 1, 5);
  const Line<float> b = __builtin_shufflevector(x[0], x[1], 2, 6, 3, 7);
  const Line<float> c = __builtin_shufflevector(x[2], x[3], 0, 4, 1, 5);
  const Line<float> d = __builtin_shufflevector(x[2], x[3], 2, 6, 3, 7);
  y[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
  y[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
  y[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
  y[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
#endif
}
inline __attribute__((always_inline)) void transpose_square(const Line<double>* x, Line<double>* y) {
#if defined(__AVX__)
  Line<double> pair[4];
  for (int s = 0; s < 4; s += 2) {
    pair[s] = __builtin_shufflevector(x[s], x[s + 1], 0, 4, 2, 6);
    pair[s + 1] = __builtin_shufflevector(x[s], x[s + 1], 1, 5, 3, 7);
  }
  for (int s = 0; s < 2; ++s) {
    y[s] = __builtin_shufflevector(pair[s], pair[s + 2], 0, 1, 4, 5);
    y[s + 2] = __builtin_shufflevector(pair[s], pair[s + 2], 2, 3, 6, 7);
  }
#else
  y[0] = __builtin_shufflevector(x[0], x[1], 0, 2);
  y[1] = __builtin_shufflevector(x[0], x[1], 1, 3);
#endif
}

// to[k·width + s] = from[s][k] for k < kLine, s < kLine.
template <typename T>
inline __attribute__((always_inline)) void transpose_lines(const T* const* from, int64_t k, int64_t width,
                                                           T* to) {
  constexpr int64_t n = kLine<T>;
  Line<T> x[n];
  Line<T> y[n];
  for (int64_t s = 0; s < n; ++s) __builtin_memcpy(&x[s], from[s] + k, sizeof(x[s]));
  transpose_square(x, y);
  for (int64_t s = 0; s < n; ++s) __builtin_memcpy(to + (k + s) * width, &y[s], sizeof(y[s]));
}

// to[k·width + s] = from.at(s, k) for s < G·kLine, k < K; lines from `rows` on repeat the last one.
// Where width is less than G·kLine the end of each piece is overwritten by the next, so the pieces are
// written from right to left within a square and in the order of k otherwise.
template <typename T, int G>
void transpose_rows(int64_t K, int64_t rows, const Factor<T>& from, int64_t width, T* to) {
  constexpr int64_t n = kLine<T>;
  const T* line[G * n];
  for (int64_t s = 0; s < G * n; ++s) line[s] = from.at(s < rows ? s : rows - 1, 0);
  int64_t k = 0;
  for (; k + n <= K; k += n) {
    for (int g = G - 1; g >= 0; --g) transpose_lines(line + g * n, k, width, to + g * n);
  }
  for (; k < K; ++k) {
    for (int64_t s = 0; s < rows; ++s) to[k * width + s] = line[s][k];
  }
}

// The lines that a panel of kTileRows rows, and so one of fewer, takes.
template <typename T>
constexpr int64_t kPanelLines = (kTileRows + kLine<T> - 1) / kLine<T>;

// to[k·width + s] = from.at(s, k) for s < rows ≤ kTileRows, k < K; writes up to kTileRows + kLine
// elements behind the last.
template <typename T, int G = 1>
void transpose_panel(int64_t K, int64_t rows, const Factor<T>& from, int64_t width, T* to) {
  if constexpr (G < kPanelLines<T>) {
    if (rows > G * kLine<T>) return transpose_panel<T, G + 1>(K, rows, from, width, to);
  }
  transpose_rows<T, G>(K, rows, from, width, to);
}

// to[k·R + s] = from.at(s, k) for s < R, k < K, of lines side by side.
template <typename T, int R = kTileRows>
void copy_panel(int64_t K, int64_t rows, const Factor<T>& from, T* to) {
  if constexpr (R > 1) {
    if (rows < R) return copy_panel<T, R - 1>(K, rows, from, to);
  }
  for (int64_t k = 0; k < K; ++k) __builtin_memcpy(to + k * R, from.at(0, k), R * sizeof(T));
}

// A panel of a, so many rows: to[k·rows + r] = a[r, k].
template <typename T>
void pack_left(int64_t K, int64_t rows, const Factor<T>& a, T* to) {
  if (a.has_whole_lines()) {
    transpose_panel(K, rows, a, rows, to);
  } else {
    copy_panel(K, rows, a, to);
  }
}

// A panel of kTileColumns columns of b, zeros behind `columns`: tiles read whole vectors.
template <typename T>
void pack_right(int64_t K, int64_t columns, const Factor<T>& b, T* to) {
  constexpr int64_t C = kTileColumns<T>;
  constexpr int64_t n = kLine<T>;
  if (columns < C) __builtin_memset(to, 0, sizeof(T) * static_cast<size_t>(K * C));
  if (!b.has_whole_depths()) {
    for (int64_t j = 0; j < columns; j += n) {
      const int64_t rows = columns - j < n ? columns - j : n;
      transpose_rows<T, 1>(K, rows, b.from(j, 0), C, to + j);
    }
  } else if (columns == C) {
    for (int64_t k = 0; k < K; ++k) {
      // Rows are far apart: nothing else foresees them.
      const T* ahead = b.at(0, k + 8 < K ? k + 8 : k);
      __builtin_prefetch(ahead);
      __builtin_prefetch(ahead + C - 1);
      __builtin_memcpy(to + k * C, b.at(0, k), C * sizeof(T));
    }
  } else {
    for (int64_t k = 0; k < K; ++k) {
      for (int64_t j = 0; j < columns; ++j) to[k * C + j] = b.at(0, k)[j];
    }
  }
}

}  // namespace
}  // namespace thalweg::THALWEG_ISA
