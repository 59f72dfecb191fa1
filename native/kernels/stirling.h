// Parts of Stirling's formula and of densities near their mode, in double, one number at a time: what remains
// after large terms that cancel have been taken out. No table or call, so that the bits are the same with any
// C library.
#pragma once

#include "math.h"

namespace thalweg {

constexpr double kHalfLog2Pi = 0.91893853320467274178;

// ln(1 + x) without a loss of digits for small x.
THALWEG_INLINE double log1p_(double x) {
  const double sum = 1 + x;
  if (!(sum < __builtin_huge_val())) return log_(sum);
  // The digits of x that the sum has lost come back by the slope 1/sum.
  const double lost = x - (sum - 1);
  return sum > 0 ? log_(sum) + (__builtin_fabs(x) < 1 ? lost : 1 - (sum - x)) / sum : log_(sum);
}

// ln(1 + x) − x. Near 0 by the series of atanh: with r = x/(2 + x), ln(1 + x) = 2 Σ r^(2k + 1)/(2k + 1).
THALWEG_INLINE double log1p_minus_x(double x) {
  if (!(x > -0.4 && x < 0.7)) return log1p_(x) - x;
  const double r = x / (2 + x);
  const double z = r * r;
  const double tail = horner(z, 1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15, 1.0 / 17,
                             1.0 / 19, 1.0 / 21, 1.0 / 23, 1.0 / 25, 1.0 / 27);
  return r * (2 * z * tail - x);
}

// ln Γ(x + 1) − (x + ½)·ln x + x − ½·ln 2π for x ≥ 10: Σ B_2j/(2j (2j − 1) x^(2j − 1)).
THALWEG_INLINE double stirling_series(double x) {
  const double z = 1 / (x * x);
  return horner(z, 1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156,
                -3617.0 / 122400) /
         x;
}

// The same for any x > 0: (x + ½)·ln((x + 1)/x) − 1 leads from x + 1 to x.
THALWEG_INLINE double stirling_error(double x) {
  double sum = 0;
  for (; x < 10; x += 1) sum += (x + 0.5) * log1p_minus_x(1 / x) + 0.5 / x;
  return sum + stirling_series(x);
}

// x·ln(x/m) + m − x, the deviance of a count x whose mean is m, for x > 0.
THALWEG_INLINE double deviance(double x, double m) { return -x * log1p_minus_x((m - x) / x); }

}  // namespace thalweg
