// Householder reflections of the columns of a matrix, in double for both dtypes. Letters: a matrix is
// [m, n] with m ≥ n; here it is kept by columns, each of m elements.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

namespace thalweg {

inline double dot(const double* x, const double* y, int64_t n) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += x[i] * y[i];
  return sum;
}

// y += factor · x
inline void add_scaled(double* y, const double* x, double factor, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] += factor * x[i];
}

// A power of 2 that brings the largest |x| of n elements near 1, so that no square overflows or vanishes; 1
// where all are 0 or some are not finite. The elements are `stride` apart.
template <typename T>
double scale_to_1(const T* x, int64_t n, int64_t stride = 1) {
  double largest = 0;
  for (int64_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(static_cast<double>(x[i * stride])));
  if (largest == 0 || !std::isfinite(largest)) return 1;
  // Neither the power nor its inverse may be infinite or denormal.
  return std::ldexp(1.0, std::clamp(-std::ilogb(largest), -1022, 1022));
}

// A sum of squares below this may have lost digits: its terms are near the denormal numbers, or below.
inline constexpr double kLeastSquares = 0x1p-900;

// a = Q·R: Q as reflections 1 − tau·v·vᵀ, whose v stand below the diagonal and have 1 on it, as LAPACK's
// geqrf.
struct Reflections {
  int64_t m, n;
  double* a;    // [n] columns of [m]
  double* tau;  // [n]

  double* column(int64_t j) const { return a + j * m; }

  // Column j ← x, whose elements are n apart, times a power of 2, which is returned.
  template <typename T>
  double load(int64_t j, const T* x) const {
    const double scale = scale_to_1(x, m, n);
    for (int64_t i = 0; i < m; ++i) column(j)[i] = static_cast<double>(x[i * n]) * scale;
    return scale;
  }

  // Makes column k from its diagonal on (length, 0, …), and turns the columns after it alike.
  void reflect(int64_t k) const {
    double* const v = column(k) + k;
    const int64_t rows = m - k;
    double scale = 1;
    double below = dot(v + 1, v + 1, rows - 1);
    if (v[0] * v[0] + below < kLeastSquares) {
      scale = scale_to_1(v, rows);
      for (int64_t i = 0; i < rows; ++i) v[i] *= scale;
      below = dot(v + 1, v + 1, rows - 1);
    }
    tau[k] = 0;
    if (below != 0) {
      const double length = -std::copysign(std::sqrt(v[0] * v[0] + below), v[0]);
      tau[k] = (length - v[0]) / length;
      const double factor = 1 / (v[0] - length);
      for (int64_t i = 1; i < rows; ++i) v[i] *= factor;
      v[0] = length;
    }
    v[0] /= scale;
    for (int64_t j = k + 1; j < n; ++j) apply(k, column(j));
  }

  // x [m] ← (1 − tau·v·vᵀ)·x for the k-th reflection.
  void apply(int64_t k, double* x) const {
    if (tau[k] == 0) return;
    const double* const v = column(k) + k + 1;
    const int64_t rows = m - k - 1;
    const double along = tau[k] * (x[k] + dot(v, x + k + 1, rows));
    x[k] -= along;
    add_scaled(x + k + 1, v, -along, rows);
  }

  // x [m] ← Q·x
  void apply_all(double* x) const {
    for (int64_t k = n; k-- > 0;) apply(k, x);
  }
};

}  // namespace thalweg
