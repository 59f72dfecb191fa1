// Roots and quotients of whole vectors, for loops that would otherwise wait for the divider.
#pragma once

#if defined(__AVX__)
#include <immintrin.h>
#endif

#include "math.h"
#include "vector.h"

namespace thalweg {

template <typename T>
static inline __attribute__((always_inline)) Vector<T> root(Vector<T> x) {
#pragma GCC unroll 16
  for (int64_t l = 0; l < kLanes<T>; ++l) x[l] = sqrt_(x[l]);
  return x;
}

// a / d where d is near enough to 1 that 1 / d is a normal number, or infinite, or NaN.
constexpr double kLeastDivisor = 0x1p-100;
constexpr double kMostDivisor = 0x1p100;

static inline __attribute__((always_inline)) Vector<double> quotient(Vector<double> a, Vector<double> d) {
  return a / d;
}

#if defined(__AVX__)

// The CPU's estimate of 1 / x, of 14 bits with AVX-512 and of 12 with AVX, and the larger of a and b, which
// is b where one is NaN. GCC warns of its own header unless there is a mask.
#if defined(__AVX512F__)
static inline __attribute__((always_inline)) Vector<float> estimate_reciprocal(Vector<float> x) {
  return _mm512_maskz_rcp14_ps(0xffff, x);
}
static inline __attribute__((always_inline)) Vector<float> larger(Vector<float> a, Vector<float> b) {
  return _mm512_maskz_max_ps(0xffff, a, b);
}
#else
static inline __attribute__((always_inline)) Vector<float> estimate_reciprocal(Vector<float> x) {
  return _mm256_rcp_ps(x);
}
static inline __attribute__((always_inline)) Vector<float> larger(Vector<float> a, Vector<float> b) {
  return _mm256_max_ps(a, b);
}
#endif

// The same to two units of the last place, by an estimate and one Newton step: the divider is left to the
// roots. For an infinite d the estimate is 0 and its error NaN; the estimate must stay 0.
static inline __attribute__((always_inline)) Vector<float> quotient(Vector<float> a, Vector<float> d) {
  const Vector<float> r = estimate_reciprocal(d);
  const Vector<float> error = larger(1 - d * r, Vector<float>{} - 1);
  return a * (r + r * error);
}

#else

static inline __attribute__((always_inline)) Vector<float> quotient(Vector<float> a, Vector<float> d) {
  return a / d;
}

#endif

}  // namespace thalweg
