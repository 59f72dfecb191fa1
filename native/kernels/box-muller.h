// Normal random numbers from those of Philox.
//
// They are the same bits on every machine: additions, products, quotients and roots round one by one, in
// double for a double and in float for a float. No product may be fused into a sum: a source includes this
// file before all others.
#pragma once

#if defined(__clang__)
#pragma clang fp contract(off)
#else
#pragma GCC optimize("fp-contract=off")
#endif

#include "math.h"
#include "philox.h"

namespace thalweg {

// The bits of a number from 2^exponent on with those of a fraction, which are the lower ones.
THALWEG_INLINE double above_power(double power, uint64_t fraction) {
  return from_bits<double>(bits_of(power) | fraction);
}

// 2³²·U[0, 1) with all the bits that a double holds, of the lower 32 bits of each: 53 bits, without a
// conversion that some instruction sets lack. Every sum is exact.
THALWEG_INLINE double unit_scaled(uint64_t high, uint64_t low) {
  const double whole = above_power(0x1p52, high & 0xFFFFFFFF) - (0x1p52 + 0x1p31);
  return whole + above_power(0x1p31, (low & 0xFFFFFFFF) >> 11);
}

// Box and Muller's: two uniform numbers u and v make two normal ones, √(−2·ln u)·(cos 2πv, sin 2πv).

template <typename T>
struct Circle {
  T cosine, sine;
};

// The point at a quarter of the circle and a rest, of which there are sine and cosine.
template <typename T>
THALWEG_INLINE Circle<T> turned(typename MathOf<T>::Bits quarter, T sine, T cosine) {
  constexpr int kSign = 8 * sizeof(T) - 1;
  const bool is_odd = (quarter & 1) != 0;
  const T first = is_odd ? sine : cosine;
  const T second = is_odd ? cosine : sine;
  return {from_bits<T>(bits_of(first) ^ ((quarter + 1) & 2) << (kSign - 1)),
          from_bits<T>(bits_of(second) ^ (quarter & 2) << (kSign - 1))};
}

// −2·ln u with u = 1 − scaled_u/2³².
THALWEG_INLINE double square_of_radius(double scaled_u) { return -2 * log_of_normal(1 - scaled_u * 0x1p-32); }

// −2·ln u with u = (word + ½)/2³², rounded once: one below 2⁻⁸ has all the digits of a float.
THALWEG_INLINE float square_of_radius(uint32_t word) {
  const float high = static_cast<float>(static_cast<int32_t>(word >> 16)) * 0x1p16f;
  const float low = static_cast<float>(static_cast<int32_t>(word & 0xFFFF)) + 0.5f;
  return -2 * log_of_normal(high + low, MathOf<float>::kBias + 32.0f);
}

// cos 2πv and sin 2πv of 2³²·v: v = quarter/4 + r with |r| ≤ 1/8.
THALWEG_INLINE Circle<double> circle(double scaled_v) {
  const double shifted = scaled_v * 0x1p-30 + MathOf<double>::kShift;
  const double r = scaled_v - (shifted - MathOf<double>::kShift) * 0x1p30;
  const double t = r * 0x1.921fb54442d18p-30;
  const double z = t * t;
  // fdlibm's polynomials.
  const double sine =
      t + t * z *
              horner(z, -1.66666666666666324348e-01, 8.33333333332248946124e-03, -1.98412698298579493134e-04,
                     2.75573137070700676789e-06, -2.50507602534068634195e-08, 1.58969099521155010221e-10);
  const double cosine = 1 - (0.5 * z - z * z *
                                           horner(z, 4.16666666666666019037e-02, -1.38888888888741095749e-03,
                                                  2.48015872894767294178e-05, -2.75573143513906633035e-07,
                                                  2.08757232129817482790e-09, -1.13596475577881948265e-11));
  return turned<double>(bits_of(shifted), sine, cosine);
}

// The same of a word that is 2³²·v.
THALWEG_INLINE Circle<float> circle(uint32_t word) {
  const uint32_t quarter = (word + 0x20000000) >> 30;
  const float t = static_cast<float>(static_cast<int32_t>(word - (quarter << 30))) * 0x1.921fb6p-30f;
  const float z = t * t;
  // Minimax: errors of 1.3e-8 of the sine and 7e-10.
  const float sine = t + t * z * horner(z, -0x1.555552p-3f, 0x1.110be2p-7f, -0x1.9ab22ap-13f);
  const float cosine = 1 - (0.5f * z - z * z * horner(z, 0x1.555554p-5f, -0x1.6c129ep-10f, 0x1.9bc77ap-16f));
  return turned<float>(quarter, sine, cosine);
}

}  // namespace thalweg
