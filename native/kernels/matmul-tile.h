// The innermost product: one tile of c in registers, and what is done to it on its way to memory.
#pragma once

#include "isa/namespace.h"
#include "math.h"
#include "matmul.h"
#include "vector.h"

namespace thalweg::THALWEG_ISA {
namespace {

// Rows of a tile, and vectors in each: as many accumulators as there are registers for.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kTileRows = 12;  // 24 accumulators of 32 registers
#elif defined(__FMA__)
constexpr int kTileRows = 6;  // 12 of 16
#else
constexpr int kTileRows = 4;  // 8 of 16: without FMA each product needs a register too
#endif
constexpr int kTileVectors = 2;

template <typename T>
constexpr int64_t kTileColumns = kTileVectors* kLanes<T>;

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

// tile [R, V·lanes] = a [R, K] · b [K, V·lanes], the columns of b side by side.
// Each element is one chain of multiply-adds in the order of k, whatever R and V.
template <typename T, int R, int V>
inline void multiply_rows(int64_t K, Left<T> a, Right<T> b, T* tile) {
  Vector<T> sum[R][V] = {};
  for (int64_t k = 0; k < K; ++k) {
    Vector<T> line[V];
    for (int v = 0; v < V; ++v) line[v] = load(b.data + v * kLanes<T>);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const T factor = a.data[r * a.row];
      for (int v = 0; v < V; ++v) sum[r][v] += factor * line[v];
    }
    a.data += a.depth;
    b.data += b.depth;
  }
  for (int r = 0; r < R; ++r) {
    for (int v = 0; v < V; ++v)
      __builtin_memcpy(tile + r * kTileColumns<T> + v * kLanes<T>, &sum[r][v], sizeof(sum[r][v]));
  }
}

// multiply_rows with R = rows and V = 1 or 2, whichever covers the columns.
template <typename T, int R = kTileRows>
void multiply(int64_t K, int64_t rows, int64_t columns, Left<T> a, Right<T> b, T* tile) {
  if (rows == R) {
    // Known strides of packed operands let the compiler fold them into the addresses.
    const bool packed = a.row == 1 && a.depth == kTileRows && b.depth == kTileColumns<T>;
    if (columns <= kLanes<T>) {
      multiply_rows<T, R, 1>(K, a, b, tile);
    } else if (packed) {
      multiply_rows<T, R, 2>(K, {a.data, 1, kTileRows}, {b.data, kTileColumns<T>, 1}, tile);
    } else if (a.row == 1) {
      multiply_rows<T, R, 2>(K, {a.data, 1, a.depth}, b, tile);
    } else {
      multiply_rows<T, R, 2>(K, a, b, tile);
    }
  } else if constexpr (R > 1) {
    multiply<T, R - 1>(K, rows, columns, a, b, tile);
  }
}

template <typename T>
inline T activate(T x, Activation activation) {
  switch (activation) {
    case Activation::relu:
      return x < 0 ? T{0} : x;  // NaN stays
    case Activation::tanh:
      return tanh_(x);
    case Activation::sigmoid:
      return sigmoid_(x);
    case Activation::none:
      break;
  }
  return x;
}

template <typename T>
inline T slope(T y, Activation activation) {
  switch (activation) {
    case Activation::relu:
      return y > 0 ? T{1} : T{0};
    case Activation::tanh:
      return 1 - y * y;
    case Activation::sigmoid:
      return y * (1 - y);
    case Activation::none:
      break;
  }
  return 1;
}

// The blocks of K before the last only add up; the first one brings in beta · c.
struct Stage {
  bool first, last;
};

// Whole rows are read and computed, and only `n` elements stored, so that an element's arithmetic is
// the same at the edge of c and within it.
template <typename T>
inline void copy_columns(T* to, const T* from, int64_t n) {
  if (n == kTileColumns<T>) {
    __builtin_memcpy(to, from, sizeof(T) * kTileColumns<T>);
  } else {
    for (int64_t j = 0; j < n; ++j) to[j] = from[j];
  }
}

// c[i, j …] ← what the call says of it, from one row of products.
template <typename T>
void finish_row(const MatmulCall<T>& call, Stage stage, const T* product, int64_t i, int64_t j, int64_t n) {
  constexpr int64_t C = kTileColumns<T>;
  alignas(64) T row[C];
  alignas(64) T other[C];
  T* c = call.c + i * call.ldc + j;
  const T factor = stage.first ? call.beta : T{1};
  if (factor == 0) {
    for (int64_t x = 0; x < C; ++x) row[x] = call.alpha * product[x];
  } else {
    if (n < C) __builtin_memset(other, 0, sizeof(other));
    copy_columns(other, static_cast<const T*>(c), n);
    for (int64_t x = 0; x < C; ++x) row[x] = call.alpha * product[x] + factor * other[x];
  }
  if (stage.last && call.bias != nullptr) {
    if (n < C) __builtin_memset(other, 0, sizeof(other));
    copy_columns(other, call.bias + j, n);
    for (int64_t x = 0; x < C; ++x) row[x] += other[x];
  }
  if (stage.last && call.activation != Activation::none) {
    const Activation activation = call.activation;
    if (activation == Activation::relu) {
      for (int64_t x = 0; x < C; ++x) row[x] = activate(row[x], Activation::relu);
    } else if (activation == Activation::tanh) {
      for (int64_t x = 0; x < C; ++x) row[x] = activate(row[x], Activation::tanh);
    } else {
      for (int64_t x = 0; x < C; ++x) row[x] = activate(row[x], Activation::sigmoid);
    }
  }
  if (stage.last && call.state != nullptr) {
    if (n < C) __builtin_memset(other, 0, sizeof(other));
    copy_columns(other, call.state + i * call.lds + j, n);
    for (int64_t x = 0; x < C; ++x) row[x] *= slope(other[x], call.state_activation);
  }
  copy_columns(c, static_cast<const T*>(row), n);
}

// One tile of products, rows × columns, whose first element belongs at c[i, j]; or, where the product was
// computed as cᵀ = bᵀ·aᵀ, at c[j, i].
template <typename T>
void finish_tile(const MatmulCall<T>& call, Stage stage, bool swapped, const T* tile, int64_t i, int64_t j,
                 int64_t rows, int64_t columns) {
  constexpr int64_t C = kTileColumns<T>;
  if (!swapped) {
    for (int64_t r = 0; r < rows; ++r) finish_row(call, stage, tile + r * C, i + r, j, columns);
    return;
  }
  alignas(64) T line[C] = {};
  for (int64_t x = 0; x < columns; ++x) {
    for (int64_t r = 0; r < rows; ++r) line[r] = tile[r * C + x];
    finish_row(call, stage, static_cast<const T*>(line), j + x, i, rows);
  }
}

}  // namespace
}  // namespace thalweg::THALWEG_ISA
