// The regularised incomplete gamma functions P(a, x) and Q(a, x) = 1 − P, and their derivatives, in double,
// one element at a time. Formulas: NIST Digital Library of Mathematical Functions, 8.7, 8.9 and 8.12.
//
// P comes from its series where x is small, Q from its continued fraction where x is large, and both from
// Temme's uniform expansion where a is large and x near a. The other one is 1 minus that, where that keeps
// its digits. Largest relative errors seen, for results above 1e-300 and a in [1e-10, 1e5]: P and Q 2e-13,
// their derivatives by a 4e-13.
#pragma once

#include "gamma.h"
#include "stirling.h"

namespace thalweg::THALWEG_ISA {
namespace {

extern "C" double lgamma_r(double x, int* sign);

// ln Γ(1 + a) for 0 ≤ a ≤ 2, with all its digits near 0: by the series of ln Γ(1 + a) + ln(1 + a).
double lgamma1p(double a) {
  int sign;
  if (a > 0.5) return lgamma_r(a + 1, &sign);
  const double tail =
      horner(a, 0.3224670334241132, -0.0673523010531981, 0.020580808427784546, -0.007385551028673986,
             0.0028905103307415234, -0.001192753911703261, 0.0005096695247430425, -0.00022315475845357939,
             9.945751278180853e-05, -4.492623673813314e-05, 2.050721277567069e-05, -9.439488275268397e-06,
             4.374866789907488e-06, -2.039215753801366e-06, 9.55141213040742e-07, -4.492469198764566e-07,
             2.1207184805554665e-07, -1.0043224823968099e-07, 4.7698101693639804e-08, -2.2711094608943164e-08,
             1.0838659214896955e-08, -5.183475041970047e-09, 2.4836745438024785e-09, -1.1921401405860912e-09,
             5.731367241678862e-10, -2.7595228851242334e-10, 1.330476437424449e-10, -6.4229645638381e-11);
  return a * (0.42278433509846713939 + a * tail) - log1p_(a);
}

// x^a·e^(−x)/Γ(a + 1) for a > 0, x > 0: by Stirling's formula where a is large, so that large terms do not
// cancel.
double gamma_factor(double a, double x) {
  constexpr double kTwoPi = 6.283185307179586477;
  constexpr double kLarge = 10;
  if (x == __builtin_huge_val()) return 0;
  if (a < kLarge) {
    int sign;
    return exp_(a * log_(x) - x - (a < 2 ? lgamma1p(a) : lgamma_r(a + 1, &sign)));
  }
  const double exponent = x < 0.5 * a ? a * (log_(x / a) + 1) - x : a * log1p_minus_x((x - a) / a);
  return exp_(exponent - stirling_series(a)) / sqrt_(kTwoPi * a);
}

// A number that depends on a, and its derivative by a.
struct WithSlope {
  double value, slope;
};

// S = Σ_{n ≥ 0} xⁿ/((a + 1) … (a + n)), by which P = x^a·e^(−x)/Γ(a + 1) · S. All terms have one sign.
WithSlope gamma_series(double a, double x) {
  constexpr double kEnough = 0x1p-56;
  double term = 1, harmonic = 0;
  WithSlope sum{1, 0};
  for (double n = 1; term * (1 + harmonic) > kEnough * sum.value; n += 1) {
    const double step = 1 / (a + n);
    term *= x * step;
    harmonic += step;
    sum.value += term;
    sum.slope -= term * harmonic;
  }
  return sum;
}

// F = ∫₀^∞ e^(−xt)·(1 + t)^(a − 1) dt, by which Q = x^a·e^(−x)/Γ(a) · F: by the continued fraction
// 1/(x + 1 − a + 1·(a − 1)/(x + 3 − a + 2·(a − 2)/(x + 5 − a + …))), whose numerators and denominators are
// differentiated step by step.
WithSlope gamma_fraction(double a, double x) {
  constexpr double kEnough = 0x1p-53, kMost = 5000, kLarge = 0x1p200;
  double b = x + 1 - a;
  double p0 = 0, q0 = 1, p1 = 1, q1 = b;       // numerators and denominators of the last two fractions
  double dp0 = 0, dq0 = 0, dp1 = 0, dq1 = -1;  // their derivatives by a
  WithSlope last{p1 / q1, 1 / (q1 * q1)};
  for (double n = 1; n < kMost; n += 1) {
    const double c = n * (a - n);
    b += 2;
    const double p2 = b * p1 + c * p0, dp2 = b * dp1 - p1 + c * dp0 + n * p0;
    const double q2 = b * q1 + c * q0, dq2 = b * dq1 - q1 + c * dq0 + n * q0;
    p0 = p1, q0 = q1, dp0 = dp1, dq0 = dq1;
    p1 = p2, q1 = q2, dp1 = dp2, dq1 = dq2;
    const double value = p1 / q1;
    const WithSlope next{value, (dp1 - value * dq1) / q1};
    const bool is_done = __builtin_fabs(next.value - last.value) <= kEnough * next.value &&
                         __builtin_fabs(next.slope - last.slope) <= kEnough * __builtin_fabs(next.slope);
    last = next;
    if (is_done) break;
    if (__builtin_fabs(q1) > kLarge) {
      constexpr double kLess = 1 / kLarge;
      p0 *= kLess, q0 *= kLess, p1 *= kLess, q1 *= kLess;
      dp0 *= kLess, dq0 *= kLess, dp1 *= kLess, dq1 *= kLess;
    }
  }
  return last;
}

// Temme's expansion: Q = ½ erfc(η √(a/2)) + e^(−aη²/2)/√(2πa) · Σ C_k(η) a^(−k) with ½η² = μ − ln(1 + μ),
// μ = (x − a)/a. C_k are power series in η.
struct TemmeSum {
  double eta;
  double sum;    // Σ C_k a^−k
  double slope;  // ∂Q/∂a · √(2πa)·e^(aη²/2)
};

struct TemmeTerms {
  int32_t count;
  double c[18];
};

TemmeSum temme(double a, double x) {
  static constexpr TemmeTerms kTerms[] = {
      {18,
       {-0.3333333333333333, 0.08333333333333333, -0.014814814814814815, 0.0011574074074074073,
        0.0003527336860670194, -0.0001787551440329218, 3.919263178522438e-05, -2.185448510679992e-06,
        -1.85406221071516e-06, 8.296711340953087e-07, -1.7665952736826078e-07, 6.707853543401498e-09,
        1.0261809784240309e-08, -4.382036018453353e-09, 9.14769958223679e-10, -2.5514193994946248e-11,
        -5.830772132550426e-11, 2.4361948020667415e-11}},
      {16,
       {-0.001851851851851852, -0.003472222222222222, 0.0026455026455026454, -0.0009902263374485596,
        0.00020576131687242798, -4.018775720164609e-07, -1.8098550334489977e-05, 7.64916091608111e-06,
        -1.6120900894563446e-06, 4.647127802807434e-09, 1.378633446915721e-07, -5.752545603517705e-08,
        1.1951628599778148e-08, -1.7543241719747647e-11, -1.0091543710600413e-09, 4.162792991842583e-10}},
      {15,
       {0.004133597883597883, -0.0026813271604938273, 0.0007716049382716049, 2.0093878600823047e-06,
        -0.0001073665322636516, 5.2923448829120125e-05, -1.2760635188618728e-05, 3.423578734096138e-08,
        1.3721957309062934e-06, -6.298992138380055e-07, 1.4280614206064242e-07, -2.0477098421990866e-10,
        -1.409252991086752e-08, 6.228974084922022e-09, -1.3670488396617114e-09}},
      {13,
       {0.0006494341563786008, 0.00022947209362139917, -0.0004691894943952557, 0.00026772063206283885,
        -7.561801671883977e-05, -2.396505113867297e-07, 1.1082654115347302e-05, -5.6749528269915965e-06,
        1.4230900732435883e-06, -2.7861080291528143e-11, -1.6958404091930278e-07, 8.099464905388083e-08,
        -1.9111168485973655e-08}},
      {13,
       {-0.0008618882909167117, 0.0007840392217200666, -0.0002990724803031902, -1.4638452578843418e-06,
        6.641498215465122e-05, -3.968365047179435e-05, 1.1375726970678419e-05, 2.507497226237533e-10,
        -1.6954149536558305e-06, 8.907507532205309e-07, -2.292934834000805e-07, 2.956794137544049e-11,
        2.8865829742708783e-08}},
      {12,
       {-0.00033679855336635813, -6.972813758365857e-05, 0.0002772753244959392, -0.00019932570516188847,
        6.797780477937208e-05, 1.419062920643967e-07, -1.3594048189768693e-05, 8.018470256334202e-06,
        -2.291481176508095e-06, -3.252473551298454e-10, 3.4652846491085265e-07, -1.8447187191171344e-07}},
      {10,
       {0.0005313079364639922, -0.0005921664373536939, 0.0002708782096718045, 7.902353232660328e-07,
        -8.153969367561969e-05, 5.61168275310625e-05, -1.8329116582843375e-05, -3.0796134506033047e-09,
        3.465155368803609e-06, -2.0291327396058603e-06}},
      {9,
       {0.00034436760689237765, 5.171790908260592e-05, -0.00033493161081142234, 0.0002812695154763237,
        -0.00010976582244684731, -1.2741009095484485e-07, 2.7744451511563645e-05, -1.8263488805711332e-05,
        5.7876949497350525e-06}},
      {7,
       {-0.0006526239185953094, 0.0008394987206720873, -0.000438297098541721, -6.969091458420552e-07,
        0.00016644846642067547, -0.00012783517679769218, 4.629953263691304e-05}},
      {5,
       {-0.0005967612901927463, -7.204895416020011e-05, 0.0006782308837667328, -0.0006401475260262758,
        0.00027750107634328704}},
      {3, {0.0013324454494800656, -0.0019144384985654776, 0.0011089369134596636}},
      {1, {0.001579727660730835}},
  };
  const double mu = (x - a) / a;
  const double eta = copysign_(sqrt_(-2 * log1p_minus_x(mu)), mu);
  const double ratio = mu == 0 ? 1 : mu / eta;
  TemmeSum result{eta, 0, ratio - eta / 2};
  double power = 1, k = 0;
  for (const TemmeTerms& terms : kTerms) {
    double value = 0, derivative = 0;  // of C_k
    for (int32_t n = terms.count - 1; n >= 0; --n) {
      derivative = derivative * eta + value;
      value = value * eta + terms.c[n];
    }
    result.sum += value * power;
    result.slope -= power * (derivative * ratio / a + value * ((k + 0.5) / a + (eta * eta / 2 - mu)));
    power /= a;
    k += 1;
  }
  return result;
}

enum class GammaRegion { series, fraction, temme };

GammaRegion gamma_region(double a, double x) {
  if (a >= 20 && __builtin_fabs(x - a) <= 0.3 * a) return GammaRegion::temme;
  return x <= a || x < 1.5 ? GammaRegion::series : GammaRegion::fraction;
}

// Q by Temme's expansion, or P where `sign` is −1.
double gamma_by_temme(double a, double x, double sign) {
  constexpr double kTwoPi = 6.283185307179586477;
  const TemmeSum t = temme(a, x);
  const double rest = exp_(-0.5 * a * t.eta * t.eta) / sqrt_(kTwoPi * a) * t.sum;
  return 0.5 * __builtin_erfc(sign * t.eta * sqrt_(a / 2)) + sign * rest;
}

// Q for small a and x, where it can be small beside P: 1 − x^a/Γ(1 + a) · (1 + a Σ_{n ≥ 1} (−x)ⁿ/(n! (a +
// n))).
double gammaincc_small(double a, double x) {
  const double exponent = a * log_(x) - lgamma1p(a);
  double term = 1, sum = 0;
  for (double n = 1; __builtin_fabs(term) > 0x1p-56; n += 1) {
    term *= -x / n;
    sum += term / (a + n);
  }
  return -__builtin_expm1(exponent) - exp_(exponent) * a * sum;
}

// The values at the borders: true where P is one of them, and then `p`.
bool gamma_at_border(double a, double x, double& p) {
  const double infinity = __builtin_huge_val();
  if (!(a >= 0 && x >= 0) || (a == 0 && x == 0) || (a == infinity && x == infinity)) {
    p = __builtin_nan("");
  } else if (a == 0 || x == infinity) {
    p = 1;
  } else if (x == 0 || a == infinity) {
    p = 0;
  } else {
    return false;
  }
  return true;
}

// Q for large x; 0 where the factor has vanished, and the fraction may overflow.
double gammaincc_by_fraction(double a, double x) {
  const double factor = a * gamma_factor(a, x);
  return factor == 0 ? 0 : factor * gamma_fraction(a, x).value;
}

double gammainc_(double a, double x) {
  double p = 0;
  if (gamma_at_border(a, x, p)) return p;
  switch (gamma_region(a, x)) {
    case GammaRegion::temme:
      return gamma_by_temme(a, x, -1);
    case GammaRegion::fraction:
      return 1 - gammaincc_by_fraction(a, x);
    case GammaRegion::series:
      break;
  }
  return gamma_factor(a, x) * gamma_series(a, x).value;
}

double gammaincc_(double a, double x) {
  double p = 0;
  if (gamma_at_border(a, x, p)) return 1 - p;
  switch (gamma_region(a, x)) {
    case GammaRegion::temme:
      return gamma_by_temme(a, x, 1);
    case GammaRegion::fraction:
      return gammaincc_by_fraction(a, x);
    case GammaRegion::series:
      break;
  }
  return a < 0.5 ? gammaincc_small(a, x) : 1 - gamma_factor(a, x) * gamma_series(a, x).value;
}

// p(a, x) = ∂P/∂x = x^(a − 1)·e^(−x)/Γ(a).
double gamma_density_(double a, double x) {
  const double infinity = __builtin_huge_val();
  if (!(a > 0 && x >= 0) || (a == infinity && x == infinity)) return __builtin_nan("");
  if (x == 0) return a < 1 ? infinity : a == 1 ? 1 : 0;
  if (a == infinity || x == infinity) return 0;
  return a * gamma_factor(a, x) / x;
}

// −(∂P/∂a)/(x p): how ln x moves with a where P stays what it is. It has ln x besides, so that x may be 0
// where the logarithm is not infinite.
double gamma_log_slope(double a, double x, double log_x) {
  switch (gamma_region(a, x)) {
    case GammaRegion::temme:
      return exp_(stirling_series(a)) * temme(a, x).slope / a;
    case GammaRegion::fraction: {
      const WithSlope fraction = gamma_fraction(a, x);
      return (log_x - digamma_(a)) * fraction.value + fraction.slope;
    }
    case GammaRegion::series:
      break;
  }
  const WithSlope series = gamma_series(a, x);
  return -((log_x - digamma_(a + 1)) * series.value + series.slope) / a;
}

bool is_gamma_sample(double a, double x) {
  return a > 0 && x >= 0 && a < __builtin_huge_val() && x < __builtin_huge_val();
}

// ∂P/∂a.
double gammainc_slope_(double a, double x) {
  if (a > 0 && x >= 0 && (a < __builtin_huge_val()) != (x < __builtin_huge_val())) return 0;
  if (!is_gamma_sample(a, x)) return __builtin_nan("");
  const double factor = x == 0 ? 0 : a * gamma_factor(a, x);
  return factor == 0 ? 0 : -factor * gamma_log_slope(a, x, log_(x));
}

// dx/da for a number x of the gamma distribution: −(∂P/∂a)/p.
double gamma_sample_slope_(double a, double x) {
  if (!is_gamma_sample(a, x)) return __builtin_nan("");
  return x == 0 ? 0 : x * gamma_log_slope(a, x, log_(x));
}

// The same for its logarithm y.
double log_gamma_sample_slope_(double a, double y) {
  if (!is_gamma_sample(a, exp_(y)) || y == -__builtin_huge_val()) return __builtin_nan("");
  return gamma_log_slope(a, exp_(y), y);
}

}  // namespace
}  // namespace thalweg::THALWEG_ISA
