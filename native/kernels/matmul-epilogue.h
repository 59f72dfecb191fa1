// The epilogue of a tile of c: beta, bias, activation and derivative after its last product. Tiles that are
// not whole in c are computed beside it and delivered to it.
#pragma once

#include "matmul-pack.h"
#include "matmul.h"

namespace thalweg::THALWEG_ISA {
namespace {

// The blocks of K before the last only add up; the first one brings in beta · c.
struct Stage {
  bool first, last;
};

// Whether anything is done to the products after they are added up.
template <typename T>
bool has_epilogue(const MatmulCallOf<T>& call) {
  return call.bias != nullptr || call.activation != Activation::none || call.state != nullptr ||
         call.sink != nullptr;
}

// Columns of c delivered at a time, in whole vectors: at most those of a tile, or the rows of a transposed
// one.
template <typename T>
constexpr int64_t kDelivered =
    kTileColumns<T> > kPanelVectors<T>* kLanes<T> ? kTileColumns<T> : kPanelVectors<T>* kLanes<T>;

// x [rows, columns] ← activation(x + bias); columns are whole vectors.
template <Activation activation, typename T>
void activate_rows(T* x, int64_t stride, int64_t rows, int64_t columns, const T* bias) {
  for (int64_t i = 0; i < rows; ++i, x += stride) {
    for (int64_t j = 0; j < columns; j += kLanes<T>) {
      for (int64_t l = 0; l < kLanes<T>; ++l) x[j + l] = activated<activation>(x[j + l] + bias[j + l]);
    }
  }
}

// x [rows, columns] ← x ∘ derivative(state)
template <Activation activation, typename T>
void scale_rows(T* x, int64_t stride, int64_t rows, int64_t columns, const T* state, int64_t lds) {
  for (int64_t i = 0; i < rows; ++i, x += stride, state += lds) {
    for (int64_t j = 0; j < columns; j += kLanes<T>) {
      for (int64_t l = 0; l < kLanes<T>; ++l) x[j + l] *= derivative<activation>(state[j + l]);
    }
  }
}

// x [rows, columns] ← activation(x + bias); bias may be null. Columns are whole vectors here and below.
template <typename T>
void activate(Activation activation, T* x, int64_t stride, int64_t rows, int64_t columns, const T* bias) {
  constexpr int64_t wide = kWideVectors * kLanes<T>;
  alignas(64) T nothing[wide > kDelivered<T> ? wide : kDelivered<T>];
  if (bias == nullptr) {
    if (activation == Activation::none) return;
    for (T& zero : nothing) zero = T(-0.0);  // x − 0 is x, for −0 too
    bias = nothing;
  }
  switch (activation) {
    case Activation::none:
      return activate_rows<Activation::none>(x, stride, rows, columns, bias);
    case Activation::relu:
      return activate_rows<Activation::relu>(x, stride, rows, columns, bias);
    case Activation::tanh:
      return activate_rows<Activation::tanh>(x, stride, rows, columns, bias);
    case Activation::sigmoid:
      return activate_rows<Activation::sigmoid>(x, stride, rows, columns, bias);
  }
}

// x [rows, columns] ← x ∘ derivative(state)
template <typename T>
void scale(Activation activation, T* x, int64_t stride, int64_t rows, int64_t columns, const T* state,
           int64_t lds) {
  switch (activation) {
    case Activation::none:
      return;
    case Activation::relu:
      return scale_rows<Activation::relu>(x, stride, rows, columns, state, lds);
    case Activation::tanh:
      return scale_rows<Activation::tanh>(x, stride, rows, columns, state, lds);
    case Activation::sigmoid:
      return scale_rows<Activation::sigmoid>(x, stride, rows, columns, state, lds);
  }
}

// The epilogue of a tile that is whole in c at [i, j].
template <typename T>
void apply_in_place(const MatmulCallOf<T>& call, int64_t i, int64_t j, int64_t rows, int64_t columns) {
  T* x = call.c + i * call.ldc + j;
  activate(call.activation, x, call.ldc, rows, columns, call.bias == nullptr ? nullptr : call.bias + j);
  if (call.state != nullptr) {
    scale(call.state_activation, x, call.ldc, rows, columns, call.state + i * call.lds + j, call.lds);
  }
}

constexpr int power_of_two(int least) {
  int power = 1;
  while (power < least) power *= 2;
  return power;
}

// Copies n numbers, bytes/2 < n·sizeof ≤ bytes or fewer, as two pieces that may overlap.
template <int bytes, typename T>
inline __attribute__((always_inline)) void copy_some(T* to, const T* from, int64_t n) {
  constexpr int64_t half = bytes / 2 / static_cast<int64_t>(sizeof(T));
  if constexpr (half > 0) {
    if (n < half) return copy_some<bytes / 2>(to, from, n);
    char first[bytes / 2];
    char last[bytes / 2];
    __builtin_memcpy(first, from, sizeof(first));
    __builtin_memcpy(last, from + n - half, sizeof(last));
    __builtin_memcpy(to, first, sizeof(first));
    __builtin_memcpy(to + n - half, last, sizeof(last));
  } else if (n > 0) {
    *to = *from;
  }
}
// n ≤ kDelivered numbers.
template <typename T>
inline void copy_columns(T* to, const T* from, int64_t n) {
  constexpr int most = static_cast<int>(kDelivered<T> * static_cast<int64_t>(sizeof(T)));
  copy_some<power_of_two(most)>(to, from, n);
}

// c[i …, j …] ← the epilogue of the products x [rows, columns], with columns ≤ kDelivered. Whole vectors are
// computed and only those columns stored.
template <typename T>
void deliver(const MatmulCallOf<T>& call, Stage stage, T* x, int64_t stride, int64_t i, int64_t j,
             int64_t rows, int64_t columns) {
  constexpr int64_t L = kLanes<T>;
  const int64_t whole = (columns + L - 1) / L * L;
  T* c = call.c + i * call.ldc + j;
  const T beta = stage.first ? call.beta : T{1};
  alignas(64) T line[kDelivered<T>] = {};
  if (beta != 0) {
    for (int64_t r = 0; r < rows; ++r) {
      copy_columns(line, static_cast<const T*>(c + r * call.ldc), columns);
      for (int64_t y = 0; y < whole; ++y) x[r * stride + y] += beta * line[y];
    }
  }
  if (stage.last) {
    if (call.bias != nullptr) copy_columns(line, call.bias + j, columns);
    activate(call.activation, x, stride, rows, whole,
             call.bias == nullptr ? nullptr : static_cast<const T*>(line));
  }
  if (stage.last && call.state != nullptr) {
    for (int64_t r = 0; r < rows; ++r) {
      copy_columns(line, call.state + (i + r) * call.lds + j, columns);
      scale(call.state_activation, x + r * stride, stride, 1, whole, static_cast<const T*>(line), 0);
    }
  }
  if (call.sink != nullptr) return call.sink->take(call.sink->self, i, j, x, stride, rows, columns);
  for (int64_t r = 0; r < rows; ++r) {
    copy_columns(c + r * call.ldc, static_cast<const T*>(x + r * stride), columns);
  }
}

// As deliver, for products of cᵀ = bᵀ·aᵀ: x [rows, kTileColumns] belongs to cᵀ[i …, j …].
template <typename T>
void deliver_transposed(const MatmulCallOf<T>& call, Stage stage, const T* x, int64_t i, int64_t j,
                        int64_t rows, int64_t columns) {
  constexpr int64_t whole = kPanelVectors<T> * kLanes<T>;
  static_assert(kTileRows <= whole && whole <= kDelivered<T>);
  alignas(64) T turned[kTileColumns<T> * whole];
  // Whole vectors are computed: no more is cleared than they read, since a product of one row has few.
  __builtin_memset(turned, 0, sizeof(T) * static_cast<size_t>(columns * whole));
  transpose_panel(columns, rows, Factor<T>{x, kTileColumns<T>, 1}, whole, turned);
  deliver(call, stage, turned, whole, j, i, columns, rows);
}

}  // namespace
}  // namespace thalweg::THALWEG_ISA
