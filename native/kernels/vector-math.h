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

// a / d for d ≥ 0.
static inline __attribute__((always_inline)) Vector<double> quotient(Vector<double> a, Vector<double> d) {
  return a / d;
}

#if defined(__AVX__)

// The CPU's estimate of 1 / x, of 14 bits with AVX-512 and of 12 with AVX, and whether all lanes are true.
using Lanes = decltype(Vector<float>{} < Vector<float>{});
#if defined(__AVX512F__)
static inline __attribute__((always_inline)) Vector<float> estimate_reciprocal(Vector<float> x) {
  return _mm512_maskz_rcp14_ps(0xffff, x);  // without the mask GCC warns of its own header
}
static inline __attribute__((always_inline)) bool all(Lanes lanes) {
  return _mm512_movepi32_mask(reinterpret_cast<__m512i>(lanes)) == 0xffff;
}
#else
static inline __attribute__((always_inline)) Vector<float> estimate_reciprocal(Vector<float> x) {
  return _mm256_rcp_ps(x);
}
static inline __attribute__((always_inline)) bool all(Lanes lanes) {
  return _mm256_movemask_ps(reinterpret_cast<__m256>(lanes)) == 0xff;
}
#endif

// As above, to two units of the last place: by an estimate and one step of Newton's, which leaves the divider
// to the roots. Where 1 / d is not a normal number it is divided after all, lane by lane, so that a result
// does not depend on its neighbours.
static inline __attribute__((always_inline)) Vector<float> quotient(Vector<float> a, Vector<float> d) {
  Vector<float> r = estimate_reciprocal(d);
  r += r * (1 - d * r);
  const Vector<float> fast = a * r;
  const Lanes usual = (d > 0x1p-120f) & (d < 0x1p120f);
  if (__builtin_expect(all(usual), 1)) return fast;
  return usual ? fast : a / d;
}

#else

static inline __attribute__((always_inline)) Vector<float> quotient(Vector<float> a, Vector<float> d) {
  return a / d;
}

#endif

}  // namespace thalweg
