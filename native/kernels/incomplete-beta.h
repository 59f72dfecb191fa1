// The regularised incomplete beta function I_x(a, b) and its derivative by x, in double, one element at a
// time. Formulas: NIST Digital Library of Mathematical Functions, 8.17; the continued fraction is 8.17.22.
//
// Largest relative errors seen, for results above 1e-300: 1e-12 for a, b ≤ 1e5.
#pragma once

#include "incomplete-gamma.h"

namespace thalweg::THALWEG_ISA {
namespace {

// Of a, the part of ln(x^a·y^b/B(a, b)) beside the linear one: `far` is n·(x − a/n), n = a + b.
double beta_exponent(double a, double x, double n, double far, double linear) {
  if (a < 1) return a * (log_(x * n) - 1) - lgamma1p(a) + log_(a);
  const double quadratic = far > -0.5 * a ? a * log1p_minus_x(far / a) : a * log_(x * n / a) - far;
  return quadratic + linear * far + 0.5 * log_(a) - kHalfLog2Pi - stirling_error(a);
}

// x^a·(1 − x)^b/B(a, b), by Stirling's formula where large terms would cancel.
double beta_factor(double a, double b, double x) {
  constexpr double kLarge = 10;
  const double n = a + b, y = 1 - x;
  if (a < kLarge && b < kLarge) {
    int sign;
    const auto log_gamma = [&](double z) { return z < 2 ? lgamma1p(z) : lgamma_r(z + 1, &sign); };
    return exp_(a * log_(x) + b * log1p_(-x) + log_gamma(n) - log_gamma(a) - log_gamma(b)) * (a / n * b);
  }
  // n·x − a from the one of x and y that is exact.
  const double far = x <= 0.5 ? __builtin_fma(n, x, -a) : -__builtin_fma(n, y, -b);
  // The linear terms of both sides cancel; where one side has none, that of the other stays.
  const double linear = a < 1 || b < 1 ? 1 : 0;
  return exp_(beta_exponent(a, x, n, far, linear) + beta_exponent(b, y, n, -far, linear) + kHalfLog2Pi -
              0.5 * log_(n) + stirling_error(n));
}

// 1/(1 + d₁/(1 + d₂/(1 + …))), by which I = x^a·(1 − x)^b/(a·B(a, b)) · that, for x < (a + 1)/(a + b + 2): by
// Lentz's method. It takes some √max(a, b) steps; NaN where they are too many, beyond 1e9.
double beta_fraction(double a, double b, double x) {
  constexpr double kEnough = 0x1p-53, kLeast = 1e-300, kMost = 100000;
  const auto not_zero = [](double value) { return __builtin_fabs(value) < kLeast ? kLeast : value; };
  double c = 1;
  double d = 1 / not_zero(1 - (a + b) * x / (a + 1));
  double value = d;
  for (double m = 1; m < kMost; m += 1) {
    const double even = m / (a + 2 * m - 1) * ((b - m) / (a + 2 * m)) * x;
    d = 1 / not_zero(1 + even * d);
    c = not_zero(1 + even / c);
    value *= c * d;
    const double odd = -(a + m) / (a + 2 * m) * ((a + b + m) / (a + 2 * m + 1)) * x;
    d = 1 / not_zero(1 + odd * d);
    c = not_zero(1 + odd / c);
    value *= c * d;
    if (__builtin_fabs(c * d - 1) <= kEnough) return value;
  }
  return __builtin_nan("");
}

// Defined for a ≥ 0 and b ≥ 0, one of them above 0 and one finite, and x in [0, 1].
bool is_of_beta(double a, double b, double x) {
  const double infinity = __builtin_huge_val();
  return a >= 0 && b >= 0 && a + b > 0 && !(a == infinity && b == infinity) && x >= 0 && x <= 1;
}

double betainc_(double a, double b, double x) {
  const double infinity = __builtin_huge_val();
  if (!is_of_beta(a, b, x)) return __builtin_nan("");
  if (x == 0 || x == 1) return x;
  if (a == 0 || b == infinity) return 1;
  if (b == 0 || a == infinity) return 0;
  // For small b I is small nearly up to x = 1, so that 1 − (1 − I) would lose its digits; there the fraction
  // needs more steps.
  const bool is_small = x <= (a + 1) / (a + b + 2) || (b < 0.5 && x < 0.9999);
  const double factor = beta_factor(a, b, x);
  if (factor == 0) return is_small ? 0 : 1;
  return is_small ? factor * beta_fraction(a, b, x) / a : 1 - factor * beta_fraction(b, a, 1 - x) / b;
}

// ∂I/∂x = x^(a − 1)·(1 − x)^(b − 1)/B(a, b).
double beta_density_(double a, double b, double x) {
  const double infinity = __builtin_huge_val();
  if (!is_of_beta(a, b, x) || a == 0 || b == 0) return __builtin_nan("");
  if (x == 0) return a < 1 ? infinity : a == 1 ? b : 0;
  if (x == 1) return b < 1 ? infinity : b == 1 ? a : 0;
  if (a == infinity || b == infinity) return 0;
  return beta_factor(a, b, x) / x / (1 - x);
}

}  // namespace
}  // namespace thalweg::THALWEG_ISA
