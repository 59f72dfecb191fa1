// The first half of an eigendecomposition: A = Q·T·Qᵀ with a tridiagonal T, by Householder reflections
// H_i = I − τ_i·u_i·u_iᵀ, where Q = H_{n−1}···H_1 and u_i has i components, the last of which is 1.
//
// All rows here are `stride` elements apart, of which there are whole vectors; both are multiples of kGrain.
#pragma once

#include "dot.h"
#include "math.h"

namespace thalweg::THALWEG_ISA {
namespace {

// Elements of the widest vector of all instruction sets.
template <typename T>
constexpr int64_t kGrain = Tuning::block_bytes / static_cast<int64_t>(sizeof(T));

template <typename T>
THALWEG_INLINE int64_t vectors_in(int64_t n) {
  return (n + kLanes<T> - 1) / kLanes<T>;
}

// The distance from 1 to the next number.
template <typename T>
constexpr T kEpsilon = 1 / (MathOf<T>::kTwoToMantissa);

template <typename T>
struct Tridiagonal {
  int64_t n, stride;
  T* a;         // [rows, stride], n rows and more up to a multiple of kGrain: A, which is overwritten
  T* u;         // [n, stride]: row i has u_i and then zeros
  T* tau;       // [n]
  T* diagonal;  // [n]
  T* beside;    // [n]: T[i][i + 1]
  T* w;         // [stride]
  T* product;   // [stride]
  T* own_rows;  // [kLanes, stride]
};

// Σ x², of x[0, n) with n ≥ 1, which is followed by zeros up to a whole vector.
template <typename T>
THALWEG_INLINE T sum_of_squares(const T* x, int64_t n) {
  Vector<T> sum{};
  for (int64_t k = 0; k < vectors_in<T>(n); ++k) sum += load(x + k * kLanes<T>) * load(x + k * kLanes<T>);
  return sum_of_lanes<T>(sum);
}

// A power of 2 that brings the largest of x[0, n) near 1, or 0 where all are 0.
template <typename T>
THALWEG_INLINE T scale_of(const T* x, int64_t n) {
  T largest = 0;
#pragma omp simd reduction(max : largest)
  for (int64_t j = 0; j < n; ++j) largest = abs_(x[j]) > largest ? abs_(x[j]) : largest;
  if (largest == 0) return 0;
  // Not as far as where the power itself, or one divided by it, is below the normal numbers.
  constexpr int kMost = sizeof(T) == 4 ? 120 : 1000;
  int exponent = 0;
  __builtin_frexp(static_cast<double>(largest), &exponent);
  exponent = exponent > kMost ? kMost : exponent < -kMost ? -kMost : exponent;
  return static_cast<T>(__builtin_ldexp(1.0, -exponent));
}

// u[0, i) = x, followed by zeros ← the u with H·x = (0, …, 0, β), τ and β.
template <typename T>
void reflect(T* u, int64_t i, T& tau, T& beta) {
  T alpha = u[i - 1];
  u[i - 1] = 0;
  T rest = sum_of_squares(u, i);
  T scale = 1;
  // Squares below the normal numbers have lost their digits.
  if (rest + alpha * alpha < MathOf<T>::kSmallestNormal / kEpsilon<T>) {
    u[i - 1] = alpha;
    scale = scale_of(u, i);
    for (int64_t j = 0; j < i; ++j) u[j] *= scale;
    alpha = u[i - 1];
    u[i - 1] = 0;
    rest = sum_of_squares(u, i);
    if (scale == 0) scale = 1;
  }
  tau = 0;
  beta = alpha / scale;
  if (rest == 0) {
    for (int64_t j = 0; j < i; ++j) u[j] = 0;
    return;
  }
  const T norm = sqrt_(rest + alpha * alpha);
  const T scaled_beta = alpha > 0 ? -norm : norm;
  tau = (scaled_beta - alpha) / scaled_beta;
  beta = scaled_beta / scale;
  const T factor = 1 / (alpha - scaled_beta);
  for (int64_t j = 0; j < i - 1; ++j) u[j] *= factor;
  u[i - 1] = 1;
}

// Rows r of A −= v[r]·w + w[r]·v, and product[r] ← A[r]·u, for as many rows as a vector has lanes.
template <typename T>
THALWEG_INLINE void update_and_multiply(const Tridiagonal<T>& to, int64_t r, int64_t vectors, const T* v,
                                        const T* u) {
  constexpr int64_t L = kLanes<T>;
  T* const a = to.a + r * to.stride;
  Vector<T> sum[L] = {};
  for (int64_t k = 0; k < vectors; ++k) {
    const Vector<T> vk = load(v + k * L);
    const Vector<T> wk = load(to.w + k * L);
    const Vector<T> uk = load(u + k * L);
#pragma GCC unroll 16
    for (int64_t l = 0; l < L; ++l) {
      T* const at = a + l * to.stride + k * L;
      const Vector<T> x = load(at) - v[r + l] * wk - to.w[r + l] * vk;
      store(at, x);
      sum[l] += x * uk;
    }
  }
  store(to.product + r, sums_of_lanes<T>(sum));
}

// w ← τ·p − (τ²/2·p·u)·u, where p = product = A·u: then H·A·H = A − u·wᵀ − w·uᵀ.
template <typename T>
THALWEG_INLINE void find_w(const Tridiagonal<T>& to, int64_t i, const T* u) {
  constexpr int64_t L = kLanes<T>;
  Vector<T> sum{};
  for (int64_t k = 0; k < vectors_in<T>(i); ++k) sum += load(to.product + k * L) * load(u + k * L);
  const T tau = to.tau[i];
  const T half = tau * tau / 2 * sum_of_lanes<T>(sum);
  for (int64_t k = 0; k < vectors_in<T>(i); ++k) {
    store(to.w + k * L, tau * load(to.product + k * L) - half * load(u + k * L));
  }
  for (int64_t j = i; j < to.stride; ++j) to.w[j] = 0;
}

// T, u and τ of A. The two vectors that change A after a reflection are applied when its rows are read next.
template <typename T>
void tridiagonalise(const Tridiagonal<T>& to) {
  constexpr int64_t L = kLanes<T>;
  const int64_t n = to.n;
  for (int64_t j = 0; j < to.stride; ++j) to.w[j] = 0;
  const T* v = to.w;  // zeros, as w: nothing has changed yet
  for (int64_t i = n - 1; i >= 0; --i) {
    T* const u = to.u + i * to.stride;
    const T* const a = to.a + i * to.stride;
    for (int64_t k = 0; k < vectors_in<T>(i + 1); ++k) {
      store(u + k * L, load(a + k * L) - v[i] * load(to.w + k * L) - to.w[i] * load(v + k * L));
    }
    to.diagonal[i] = u[i];
    for (int64_t j = i; j < to.stride; ++j) u[j] = 0;
    if (i == 0) return;
    reflect(u, i, to.tau[i], to.beside[i - 1]);
    for (int64_t r = 0; r < i; r += L) update_and_multiply(to, r, vectors_in<T>(i), v, u);
    find_w(to, i, u);
    v = u;
  }
}

// Rows [r, r + kLanes) of Qᵀ, which go through all reflections while they are in the first-level cache.
template <typename T>
const T* rows_of_q(const Tridiagonal<T>& from, int64_t r) {
  constexpr int64_t L = kLanes<T>;
  const int64_t stride = from.stride;
  T* const rows = from.own_rows;
  for (int64_t l = 0; l < L; ++l) {
    for (int64_t j = 0; j < stride; ++j) rows[l * stride + j] = j == r + l ? 1 : 0;
  }
  // A reflection of fewer components than r + 1 leaves these rows as they are.
  for (int64_t i = r + 1; i < from.n; ++i) {
    const T* const u = from.u + i * stride;
    Vector<T> sum[L] = {};
    for (int64_t k = 0; k < vectors_in<T>(i); ++k) {
      const Vector<T> uk = load(u + k * L);
#pragma GCC unroll 16
      for (int64_t l = 0; l < L; ++l) sum[l] += load(rows + l * stride + k * L) * uk;
    }
    T factors[L];
    store(static_cast<T*>(factors), from.tau[i] * sums_of_lanes<T>(sum));
    for (int64_t k = 0; k < vectors_in<T>(i); ++k) {
      const Vector<T> uk = load(u + k * L);
#pragma GCC unroll 16
      for (int64_t l = 0; l < L; ++l) {
        T* const at = rows + l * stride + k * L;
        store(at, load(at) - factors[l] * uk);
      }
    }
  }
  return rows;
}

}  // namespace
}  // namespace thalweg::THALWEG_ISA
