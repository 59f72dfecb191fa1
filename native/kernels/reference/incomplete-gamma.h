// The naive twin of ../incomplete-gamma.h: in long double, P by its series and Q by a numerical integral,
// however large a is. The number of terms grows with √a: beyond a = 1e10 it gives up.
#pragma once

#include "lgamma.h"

namespace thalweg::THALWEG_ISA {
namespace {

struct WithSlope {
  long double value, slope;  // and its derivative by a
};

// Σ_{n ≥ 0} xⁿ/((a + 1) … (a + n))
WithSlope gamma_series(long double a, long double x) {
  constexpr double kMost = 1e6;
  long double term = 1, harmonic = 0;
  WithSlope sum{1, 0};
  for (double n = 1; n < kMost && (n < x - a || term * (1 + harmonic) > 1e-21L * sum.value); n += 1) {
    term *= x / (a + n);
    harmonic += 1 / (a + n);
    sum.value += term;
    sum.slope -= term * harmonic;
  }
  return sum;
}

// ∫₀^∞ e^(−xt)·(1 + t)^(a − 1) dt by the trapezoidal rule in u, t = exp(½π·sinh u).
WithSlope gamma_integral(long double a, long double x) {
  constexpr long double kHalfPi = 1.57079632679489661923L, kStep = 1 / 64.0L;
  WithSlope sum{0, 0};
  for (int i = -320; i <= 320; ++i) {
    const long double u = i * kStep;
    const long double t = __builtin_expl(kHalfPi * __builtin_sinhl(u));
    const long double log = __builtin_log1pl(t);
    const long double f = __builtin_expl((a - 1) * log - x * t) * t * kHalfPi * __builtin_coshl(u) * kStep;
    if (!(f > 0)) continue;  // also where t is infinite
    sum.value += f;
    sum.slope += f * log;
  }
  return sum;
}

// x^a·e^(−x)/Γ(a + 1)
long double gamma_factor(long double a, long double x) {
  int sign;
  return __builtin_expl(a * __builtin_logl(x) - x - lgammal_r(a + 1, &sign));
}

constexpr bool is_finite_number(double x) { return x - x == 0; }

// P, or Q.
double incomplete_gamma(double a, double x, bool upper) {
  const double infinity = __builtin_huge_val();
  if (!(a >= 0 && x >= 0) || (a == 0 && x == 0) || (a == infinity && x == infinity)) return __builtin_nan("");
  if (a == 0 || x == infinity) return upper ? 0 : 1;
  if (x == 0 || a == infinity) return upper ? 1 : 0;
  const bool by_series = x <= a || x < 1.5;
  const long double part = by_series ? gamma_factor(a, x) * gamma_series(a, x).value
                                     : gamma_factor(a, x) * a * gamma_integral(a, x).value;
  return static_cast<double>(by_series == upper ? 1 - part : part);
}

// −(∂P/∂a)/(x p), where ψ is the digamma function.
template <typename Digamma>
double gamma_log_slope(double a, double x, double log_x, Digamma psi) {
  if (x <= a || x < 1.5) {
    const WithSlope s = gamma_series(a, x);
    return static_cast<double>(-((log_x - psi(a + 1)) * s.value + s.slope) / a);
  }
  const WithSlope f = gamma_integral(a, x);
  return static_cast<double>((log_x - psi(a)) * f.value + f.slope);
}

double gamma_density(double a, double x) {
  const double infinity = __builtin_huge_val();
  if (!(a > 0 && x >= 0) || (a == infinity && x == infinity)) return __builtin_nan("");
  if (x == 0) return a < 1 ? infinity : a == 1 ? 1 : 0;
  if (a == infinity || x == infinity) return 0;
  return static_cast<double>(a * gamma_factor(a, x) / x);
}

}  // namespace
}  // namespace thalweg::THALWEG_ISA
