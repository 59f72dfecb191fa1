// The naive twin of ../incomplete-beta.h: by the power series in x, in long double.
#pragma once

#include "lgamma.h"

namespace thalweg::THALWEG_ISA {
namespace {

bool is_of_beta(double a, double b, double x) {
  const double infinity = __builtin_huge_val();
  return a >= 0 && b >= 0 && a + b > 0 && !(a == infinity && b == infinity) && x >= 0 && x <= 1;
}

// x^a·(1 − x)^b/B(a, b), where y = 1 − x.
long double beta_factor(long double a, long double b, long double x, long double y) {
  int sign;
  const long double log_beta =
      lgammal_r(a + 1, &sign) + lgammal_r(b + 1, &sign) - lgammal_r(a + b + 1, &sign);
  return __builtin_expl(a * __builtin_logl(x) + b * __builtin_logl(y) - log_beta) * a / (a + b) * b;
}

// Σ_{n ≥ 0} (a + b) … (a + b + n − 1)/((a + 1) … (a + n)) · xⁿ, of positive terms.
long double beta_series(long double a, long double b, long double x) {
  constexpr double kMost = 1e6;
  long double term = 1, sum = 1;
  for (double n = 0; n < kMost && term > 1e-21L * sum; n += 1) {
    term *= (a + b + n) / (a + 1 + n) * x;
    sum += term;
  }
  return sum;
}

double incomplete_beta(double a, double b, double x) {
  const double infinity = __builtin_huge_val();
  if (!is_of_beta(a, b, x)) return __builtin_nan("");
  if (x == 0 || x == 1) return x;
  if (a == 0 || b == infinity) return 1;
  if (b == 0 || a == infinity) return 0;
  const long double y = 1 - static_cast<long double>(x);
  const long double factor = beta_factor(a, b, x, y);
  if (x <= (a + 1) / (a + b + 2) || b < 0.5) return static_cast<double>(factor / a * beta_series(a, b, x));
  return static_cast<double>(1 - factor / b * beta_series(b, a, y));
}

double density_of_beta(double a, double b, double x) {
  const double infinity = __builtin_huge_val();
  if (!is_of_beta(a, b, x) || a == 0 || b == 0) return __builtin_nan("");
  if (x == 0) return a < 1 ? infinity : a == 1 ? b : 0;
  if (x == 1) return b < 1 ? infinity : b == 1 ? a : 0;
  if (a == infinity || b == infinity) return 0;
  const long double y = 1 - static_cast<long double>(x);
  return static_cast<double>(beta_factor(a, b, x, y) / x / y);
}

}  // namespace
}  // namespace thalweg::THALWEG_ISA
