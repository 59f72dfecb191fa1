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

// to [R, V·lanes], its rows `stride` apart, = a [R, K] · b [K, V·lanes], the columns of b side by side.
// Each element is one chain of multiply-adds in the order of k, whatever R and V.
// Inlined where strides are known, so that they become part of the addresses; unrolled whole, so that the
// sums stay in registers.
template <typename T, int R, int V>
THALWEG_INLINE void multiply_rows(int64_t K, Left<T> a, Right<T> b, T* to, int64_t stride) {
  Vector<T> sum[R][V];
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) sum[r][v] = Vector<T>{};
  }
  for (int64_t k = 0; k < K; ++k) {
    Vector<T> line[V];
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v) line[v] = load(b.data + v * kLanes<T>);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const T factor = a.data[r * a.row];
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) sum[r][v] += factor * line[v];
    }
    a.data += a.depth;
    b.data += b.depth;
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < V; ++v)
      __builtin_memcpy(to + r * stride + v * kLanes<T>, &sum[r][v], sizeof(sum[r][v]));
  }
}

template <typename T, int R, int V>
void multiply_packed(int64_t K, const T* a, const T* b, T* to, int64_t stride) {
  multiply_rows<T, R, V>(K, {a, 1, kTileRows}, {b, kTileColumns<T>, 1}, to, stride);
}
// The rows of a are columns in memory.
template <typename T, int R, int V>
void multiply_columns(int64_t K, Left<T> a, Right<T> b, T* to, int64_t stride) {
  multiply_rows<T, R, V>(K, {a.data, 1, a.depth}, b, to, stride);
}
// The rows of a are rows in memory.
template <typename T, int R, int V>
void multiply_lines(int64_t K, Left<T> a, Right<T> b, T* to, int64_t stride) {
  multiply_rows<T, R, V>(K, {a.data, a.row, 1}, b, to, stride);
}

// The product of one tile with R = rows and V = 1 or 2, whichever covers the columns.
template <typename T, int R = kTileRows>
void multiply(int64_t K, int64_t rows, int64_t columns, Left<T> a, Right<T> b, T* to, int64_t stride) {
  if constexpr (R > 1) {
    if (rows < R) return multiply<T, R - 1>(K, rows, columns, a, b, to, stride);
  }
  const bool narrow = columns <= kLanes<T>;
  if (a.row == 1 && a.depth == kTileRows && b.depth == kTileColumns<T>) {
    narrow ? multiply_packed<T, R, 1>(K, a.data, b.data, to, stride)
           : multiply_packed<T, R, 2>(K, a.data, b.data, to, stride);
  } else if (a.row == 1) {
    narrow ? multiply_columns<T, R, 1>(K, a, b, to, stride) : multiply_columns<T, R, 2>(K, a, b, to, stride);
  } else {
    narrow ? multiply_lines<T, R, 1>(K, a, b, to, stride) : multiply_lines<T, R, 2>(K, a, b, to, stride);
  }
}

template <typename T>
THALWEG_INLINE Vector<T> slope(Vector<T> y, Activation activation) {
  switch (activation) {
    case Activation::relu:
      return y > 0 ? Vector<T>{} + 1 : Vector<T>{};
    case Activation::tanh:
      return 1 - y * y;
    case Activation::sigmoid:
      return y * (1 - y);
    case Activation::none:
      break;
  }
  return Vector<T>{} + 1;
}

// The blocks of K before the last only add up; the first one brings in beta · c.
struct Stage {
  bool first, last;
};

// Whether nothing follows the product but beta · c.
template <typename T>
bool has_no_epilogue(const MatmulCall<T>& call) {
  return call.bias == nullptr && call.activation == Activation::none && call.state == nullptr;
}

// Whether a call only wants the product.
template <typename T>
bool is_plain(const MatmulCall<T>& call) {
  return call.alpha == 1 && call.beta == 0 && has_no_epilogue(call);
}

// What comes behind the product, for one row of whole vectors. `c` is not read where the factor is 0.
template <typename T>
THALWEG_INLINE void finish_vectors(const MatmulCall<T>& call, Stage stage, const T* product, const T* old,
                                   const T* bias, const T* state, T* c) {
  constexpr int64_t L = kLanes<T>;
  const T factor = stage.first ? call.beta : T{1};
  Vector<T> row[kTileVectors];
#pragma GCC unroll 2
  for (int64_t v = 0; v < kTileVectors; ++v) {
    row[v] = call.alpha * load(product + v * L);
    if (factor != 0) row[v] += factor * load(old + v * L);
    if (!stage.last) continue;
    if (call.bias != nullptr) row[v] += load(bias + v * L);
    if (call.activation == Activation::relu)
      row[v] = row[v] < Vector<T>{} ? Vector<T>{} : row[v];  // NaN stays
  }
  if (stage.last && (call.activation == Activation::tanh || call.activation == Activation::sigmoid)) {
    alignas(64) T values[kTileColumns<T>];
    __builtin_memcpy(values, row, sizeof(values));
    if (call.activation == Activation::tanh) {
      for (int64_t x = 0; x < kTileColumns<T>; ++x) values[x] = tanh_(values[x]);
    } else {
      for (int64_t x = 0; x < kTileColumns<T>; ++x) values[x] = sigmoid_(values[x]);
    }
    __builtin_memcpy(row, values, sizeof(values));
  }
#pragma GCC unroll 2
  for (int64_t v = 0; v < kTileVectors; ++v) {
    if (stage.last && call.state != nullptr) row[v] *= slope<T>(load(state + v * L), call.state_activation);
    __builtin_memcpy(c + v * L, &row[v], sizeof(row[v]));
  }
}

// At the edge of c, rows are filled up with zeros, computed whole and stored in part, so that an element's
// arithmetic is the same there as within.
template <typename T>
__attribute__((noinline)) void finish_edge(const MatmulCall<T>& call, Stage stage, const T* product,
                                           int64_t i, int64_t j, int64_t n) {
  constexpr int64_t C = kTileColumns<T>;
  alignas(64) T old[C] = {};
  alignas(64) T bias[C] = {};
  alignas(64) T state[C] = {};
  alignas(64) T row[C];
  T* c = call.c + i * call.ldc + j;
  const bool reads = !stage.first || call.beta != 0;
  for (int64_t x = 0; x < n; ++x) {
    if (reads) old[x] = c[x];
    if (call.bias != nullptr) bias[x] = call.bias[j + x];
    if (call.state != nullptr) state[x] = call.state[i * call.lds + j + x];
  }
  finish_vectors(call, stage, product, static_cast<const T*>(old), static_cast<const T*>(bias),
                 static_cast<const T*>(state), static_cast<T*>(row));
  for (int64_t x = 0; x < n; ++x) c[x] = row[x];
}

// c[i, j …] ← what the call says of it, from one row of products.
template <typename T>
THALWEG_INLINE void finish_row(const MatmulCall<T>& call, Stage stage, const T* product, int64_t i, int64_t j,
                               int64_t n) {
  if (n < kTileColumns<T>) return finish_edge(call, stage, product, i, j, n);
  T* c = call.c + i * call.ldc + j;
  finish_vectors(call, stage, product, static_cast<const T*>(c), call.bias + j, call.state + i * call.lds + j,
                 c);
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
