// Normal random numbers from those of Philox.
//
// They are the same bits on every machine: all is done in double, by additions, products, quotients and roots
// that round one by one. So a source that includes this file does so first, since no product may be fused
// into a sum.
#pragma once

#if defined(__clang__)
#pragma clang fp contract(off)
#else
#pragma GCC optimize("fp-contract=off")
#endif

#include "math.h"
#include "philox.h"

namespace thalweg {

struct TwoNormals {
  double first, second;
};

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

// Box and Muller's: two uniform numbers u and v make two normal ones, √(−2·ln(1 − u))·(cos 2πv, sin 2πv).

// −2·ln(1 − u) of 2³²·u.
THALWEG_INLINE double square_of_radius(double scaled_u) { return -2 * log_of_normal(1 - scaled_u * 0x1p-32); }

struct Circle {
  double cosine, sine;
};

// cos 2πv and sin 2πv of 2³²·v.
THALWEG_INLINE Circle circle(double scaled_v) {
  // v = quarter/4 + r with |r| ≤ 1/8; sine and cosine of 2πr by fdlibm's polynomials.
  const double shifted = scaled_v * 0x1p-30 + MathOf<double>::kShift;
  const uint64_t quarter = bits_of(shifted);
  const double r = scaled_v - (shifted - MathOf<double>::kShift) * 0x1p30;
  const double t = r * 0x1.921fb54442d18p-30;
  const double z = t * t;
  const double sine =
      t + t * z *
              horner(z, -1.66666666666666324348e-01, 8.33333333332248946124e-03, -1.98412698298579493134e-04,
                     2.75573137070700676789e-06, -2.50507602534068634195e-08, 1.58969099521155010221e-10);
  const double cosine = 1 - (0.5 * z - z * z *
                                           horner(z, 4.16666666666666019037e-02, -1.38888888888741095749e-03,
                                                  2.48015872894767294178e-05, -2.75573143513906633035e-07,
                                                  2.08757232129817482790e-09, -1.13596475577881948265e-11));
  const bool is_odd = (quarter & 1) != 0;
  const double first = is_odd ? sine : cosine;
  const double second = is_odd ? cosine : sine;
  return {from_bits<double>(bits_of(first) ^ ((quarter + 1) & 2) << 62),
          from_bits<double>(bits_of(second) ^ (quarter & 2) << 62)};
}

}  // namespace thalweg
