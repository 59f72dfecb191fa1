// Derivatives of ln Γ in double, one element at a time. Formulas: NIST Digital Library of Mathematical
// Functions, 5.5, 5.11, 5.15 and 25.11.
#pragma once

#include "math.h"

namespace thalweg::THALWEG_ISA {
namespace {

// n! · ζ(s, q) with s = n + 1 and ζ(s, q) = Σ_k (q + k)^−s, Hurwitz's, for q > 0: by the sum formula of Euler
// and Maclaurin, terms up to w ≥ 10 + s, then the integral of the rest with its corrections B_2j/(2j)! · s (s
// + 1) … (s + 2j − 2) · w^(1 − s − 2j). Powers are of w / q, and n! · q^−s is a product of quotients: neither
// overflows or vanishes where the result does not.
THALWEG_INLINE double factorial_zeta(double n, double q) {
  // (2j)! / B_2j
  constexpr double kCorrections[] = {12.0,
                                     -720.0,
                                     30240.0,
                                     -1209600.0,
                                     47900160.0,
                                     -1.8924375803183791606e9,
                                     7.47242496e10,
                                     -2.950130727918164224e12,
                                     1.1646782814350067249e14,
                                     -4.5979787224074726105e15};
  if (q == __builtin_huge_val()) return 0;
  const double s = n + 1;
  double sum = 0;
  double w = q;
  for (; w < 10 + s; w += 1) sum += __builtin_pow(w / q, -s);
  const double power = __builtin_pow(w / q, -s);
  sum += power * (w / n + 0.5);
  double factor = s * power / w;
  double rising = s;
  for (const double correction : kCorrections) {
    sum += factor / correction;
    factor *= (rising + 1) / w * ((rising + 2) / w);
    rising += 2;
  }
  double scaled = sum / q;
  for (double j = 1; j <= n; j += 1) scaled *= j / q;
  return scaled;
}

// The same for any q: terms below 0 are those of their distances from 0, each with the sign (−1)^s.
THALWEG_INLINE double factorial_zeta_anywhere(double n, double q) {
  if (q > 0) return factorial_zeta(n, q);
  if (!(q - q == 0)) return __builtin_nan("");
  if (q == __builtin_floor(q)) return __builtin_huge_val();
  const double below = __builtin_floor(-q);  // terms in (q, −1)
  const double r = q + below;                // in (−1, 0)
  const double left = factorial_zeta(n, -r) - factorial_zeta(n, below + 1 - r);
  const double sign = __builtin_fmod(n, 2) == 0 ? -1 : 1;
  return sign * left + factorial_zeta(n, 1 + r);
}

// ψ(x): upwards by ψ(x) = ψ(x + 1) − 1/x, then by its asymptotic series; below 0 by reflection.
THALWEG_INLINE double digamma_(double x) {
  constexpr double kPi = 3.14159265358979323846;
  constexpr double kLarge = 10;
  // B_2j / 2j
  constexpr double kSeries[] = {1.0 / 12,  -1.0 / 120,     1.0 / 252, -1.0 / 240,
                                1.0 / 132, -691.0 / 32760, 1.0 / 12};
  if (x == 0) return __builtin_copysign(__builtin_huge_val(), -x);
  double result = 0;
  if (x < 0) {
    const double part = x - __builtin_trunc(x);
    if (part == 0 || !(x - x == 0)) return __builtin_nan("");
    result = -kPi / __builtin_tan(kPi * part);
    x = 1 - x;
  }
  for (; x < kLarge; x += 1) result -= 1 / x;
  const double z = 1 / (x * x);
  double power = z;
  double series = 0;
  for (const double term : kSeries) {
    series += term * power;
    power *= z;
  }
  return result + __builtin_log(x) - 0.5 / x - series;
}

// ψ⁽ⁿ⁾(x) = (−1)^(n + 1) · n! · ζ(n + 1, x), and ψ for n = 0. NaN where n is no whole number in [0, 1000].
THALWEG_INLINE double polygamma_(double n, double x) {
  constexpr double kHighest = 1000;  // the number of terms grows with n
  if (n == 0) return digamma_(x);
  if (!(n > 0 && n <= kHighest) || n != __builtin_floor(n) || x != x) return __builtin_nan("");
  const double sign = __builtin_fmod(n, 2) == 0 ? -1 : 1;
  return sign * factorial_zeta_anywhere(n, x);
}

}  // namespace
}  // namespace thalweg::THALWEG_ISA
