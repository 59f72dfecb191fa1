// Packing: copies of operands in the order in which the tiles read them.
#pragma once

#if defined(__AVX__)
#include <immintrin.h>
#endif

#include "matmul-tile.h"

namespace thalweg::THALWEG_ISA {
namespace {

// A factor of the product: element k of line i (a row of the left one, a column of the right one) is at
// data[i·along + k·depth]. Lists replace i by lines[i] and k by depths[k].
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

// Shuffles stay within pieces of 16 bytes: one that crosses them costs more.
template <typename T>
constexpr int64_t kPiece = 16 / static_cast<int64_t>(sizeof(T));

template <int64_t... i>
struct Indices {};
template <int64_t n, int64_t... i>
struct IndicesTo : IndicesTo<n - 1, n - 1, i...> {};
template <int64_t... i>
struct IndicesTo<0, i...> {
  using Type = Indices<i...>;
};

// Where element `to` of an interleaved vector comes from. It takes units of `unit` elements, in turn from the
// lower, or upper, halves of the pieces of two vectors.
template <typename T, int64_t unit, bool upper>
constexpr int64_t interleaved(int64_t to) {
  const int64_t at = to % kPiece<T>;
  const int64_t element = to - at + at / (2 * unit) * unit + at % unit + (upper ? kPiece<T> / 2 : 0);
  return at / unit % 2 == 0 ? element : element + kLanes<T>;
}
template <int64_t unit, bool upper, typename T, int64_t... i>
inline __attribute__((always_inline)) Vector<T> interleave(Indices<i...>, const Vector<T>& a,
                                                           const Vector<T>& b) {
  return __builtin_shufflevector(a, b, interleaved<T, unit, upper>(i)...);
}
template <typename T, int64_t unit, bool upper>
inline __attribute__((always_inline)) Vector<T> interleave(Vector<T> a, Vector<T> b) {
  return interleave<unit, upper, T>(typename IndicesTo<kLanes<T>>::Type(), a, b);
}

// Transposes the squares that lie in the pieces of x.
inline __attribute__((always_inline)) void transpose_pieces(Vector<float>* x) {
  const Vector<float> low01 = interleave<float, 1, false>(x[0], x[1]);
  const Vector<float> high01 = interleave<float, 1, true>(x[0], x[1]);
  const Vector<float> low23 = interleave<float, 1, false>(x[2], x[3]);
  const Vector<float> high23 = interleave<float, 1, true>(x[2], x[3]);
  x[0] = interleave<float, 2, false>(low01, low23);
  x[1] = interleave<float, 2, true>(low01, low23);
  x[2] = interleave<float, 2, false>(high01, high23);
  x[3] = interleave<float, 2, true>(high01, high23);
}
inline __attribute__((always_inline)) void transpose_pieces(Vector<double>* x) {
  const Vector<double> low = interleave<double, 1, false>(x[0], x[1]);
  x[1] = interleave<double, 1, true>(x[0], x[1]);
  x[0] = low;
}

#if defined(__AVX__)
template <typename T>
inline __attribute__((always_inline)) __m128 load_piece(const T* x) {
  return _mm_loadu_ps(reinterpret_cast<const float*>(x));
}
#endif

// A vector whose pieces are elements k, k + 1, … of lines kPiece apart. Each piece is read into its place,
// which takes no shuffle.
template <typename T>
inline __attribute__((always_inline)) Vector<T> load_pieces(const T* const* line, int64_t k) {
#if defined(__AVX512F__)
  __m512 v = _mm512_castps128_ps512(load_piece(line[0] + k));
  v = _mm512_insertf32x4(v, load_piece(line[kPiece<T>] + k), 1);
  v = _mm512_insertf32x4(v, load_piece(line[2 * kPiece<T>] + k), 2);
  v = _mm512_insertf32x4(v, load_piece(line[3 * kPiece<T>] + k), 3);
  return reinterpret_cast<Vector<T>>(v);
#elif defined(__AVX__)
  const __m256 v = _mm256_castps128_ps256(load_piece(line[0] + k));
  return reinterpret_cast<Vector<T>>(_mm256_insertf128_ps(v, load_piece(line[kPiece<T>] + k), 1));
#else
  return load(line[0] + k);
#endif
}

// to[k·width + s] = from.at(s, k) for s < G·kLanes, k < K; lines from `rows` on repeat the last one.
// Where width is less than G·kLanes, the next vector overwrites the end of the last one. Hence they are
// written from right to left within a square, and in the order of k otherwise.
template <typename T, int G>
void transpose_rows(int64_t K, int64_t rows, const Factor<T>& from, int64_t width, T* to) {
  constexpr int64_t n = kPiece<T>;
  const T* line[G * kLanes<T>];
  for (int64_t s = 0; s < G * kLanes<T>; ++s) line[s] = from.at(s < rows ? s : rows - 1, 0);
  int64_t k = 0;
  for (; k + n <= K; k += n) {
    for (int g = G - 1; g >= 0; --g) {
      Vector<T> x[n];
      for (int64_t t = 0; t < n; ++t) x[t] = load_pieces<T>(line + g * kLanes<T> + t, k);
      transpose_pieces(x);
      for (int64_t t = 0; t < n; ++t) store(to + (k + t) * width + g * kLanes<T>, x[t]);
    }
  }
  for (; k < K; ++k) {
    for (int64_t s = 0; s < rows; ++s) to[k * width + s] = line[s][k];
  }
}

// The vectors that a panel of kTileRows rows, and so one of fewer, takes.
template <typename T>
constexpr int64_t kPanelVectors = (kTileRows + kLanes<T> - 1) / kLanes<T>;

// to[k·width + s] = from.at(s, k) for s < rows ≤ kTileRows, k < K; writes up to kTileRows + kLanes
// elements past the last.
template <typename T, int G = 1>
void transpose_panel(int64_t K, int64_t rows, const Factor<T>& from, int64_t width, T* to) {
  if constexpr (G < kPanelVectors<T>) {
    if (rows > G * kLanes<T>) return transpose_panel<T, G + 1>(K, rows, from, width, to);
  }
  transpose_rows<T, G>(K, rows, from, width, to);
}

// to[p·apart + k·R + s] = from.at(p·R + s, k) for p < panels, s < R, k < K, of lines side by side.
template <typename T, int R = kTileRows>
void copy_panels(int64_t K, int64_t rows, int64_t panels, const Factor<T>& from, T* to, int64_t apart) {
  if constexpr (R > 1) {
    if (rows < R) return copy_panels<T, R - 1>(K, rows, panels, from, to, apart);
  }
  for (int64_t k = 0; k < K; ++k, to += R) {
    const T* depth = from.at(0, k);
    for (int64_t p = 0; p < panels; ++p) __builtin_memcpy(to + p * apart, depth + p * R, R * sizeof(T));
  }
}

// The panels of `rows` rows of a, `apart` elements from one to the next: to[k·height + r] = a[r, k] in each.
// A panel has as many rows as a tile; the last one has what is left.
template <typename T>
void pack_left(int64_t K, int64_t height, int64_t rows, const Factor<T>& a, T* to, int64_t apart) {
  int64_t panels = 1;
  for (int64_t i = 0; i < rows; i += panels * height, to += panels * apart) {
    const int64_t own = rows - i < height ? rows - i : height;
    if (a.has_whole_lines()) {
      transpose_panel(K, own, a.from(i, 0), own, to);
      continue;
    }
    const int64_t left = (rows - i) / own;
    panels = left < Tuning::panels_at_a_time ? left : Tuning::panels_at_a_time;
    copy_panels(K, own, panels, a.from(i, 0), to, apart);
  }
}

// A panel of at most kTileColumns columns of b, of which each lies in a line: to[k·kTileColumns + j] = b[k,
// j]. After the last column come zeros: tiles read whole vectors.
template <typename T>
void pack_columns(int64_t K, int64_t columns, const Factor<T>& b, T* to) {
  constexpr int64_t C = kTileColumns<T>;
  constexpr int64_t n = kLanes<T>;
  if (columns < C) __builtin_memset(to, 0, sizeof(T) * static_cast<size_t>(K * C));
  for (int64_t j = 0; j < columns; j += n) {
    const int64_t rows = columns - j < n ? columns - j : n;
    transpose_rows<T, 1>(K, rows, b.from(j, 0), C, to + j);
  }
}

// The same of any number of columns that lie side by side, in panels `apart` elements from one to the next.
template <typename T>
void pack_rows(int64_t K, int64_t columns, const Factor<T>& b, T* to, int64_t apart) {
  constexpr int64_t C = kTileColumns<T>;
  const int64_t whole = columns / C;
  const int64_t rest = columns % C;
  for (int64_t k = 0; k < K; ++k, to += C) {
    const T* const row = b.at(0, k);
    const T* const ahead = b.at(0, k + Tuning::rows_ahead < K ? k + Tuning::rows_ahead : k);
    for (int64_t p = 0; p < whole; ++p) {
      __builtin_prefetch(ahead + p * C);
      __builtin_prefetch(ahead + p * C + C - 1);
      __builtin_memcpy(to + p * apart, row + p * C, C * sizeof(T));
    }
    if (rest == 0) continue;
    T* const last = to + whole * apart;
    for (int64_t j = 0; j < C; ++j) last[j] = j < rest ? row[whole * C + j] : T{0};
  }
}

}  // namespace
}  // namespace thalweg::THALWEG_ISA
