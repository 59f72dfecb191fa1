// The naive twin of ../elementwise.cc: one element at a time, with the C library's functions in double.
//
// Each functor of `op` has the name of its row in ../elementwise.h. Its `of` takes and gives wide numbers:
// double, or int64 where whole numbers give whole numbers.
#include "../elementwise.h"

#include "../isa/fill.h"
#include "incomplete-beta.h"
#include "incomplete-gamma.h"
#include "lgamma.h"

namespace thalweg::THALWEG_ISA {
namespace {

constexpr bool is_nan(double x) { return x != x; }

double ln_gamma(double x) {
  int sign;
  return lgamma_r(x, &sign);
}

constexpr double kFar = 1000;  // from here on series of 1 / x

// ψ(x) by ψ(x) = ψ(x + 1) − 1/x. The terms cancel near its roots: hence a sum that keeps what each addition
// rounds away (Neumaier's). Not long double, which has no more digits than double on Windows and macOS.
double digamma_by_terms(double x) {
  double sum = 0, lost = 0;
  const auto add = [&](double term) {
    const double next = sum + term;
    lost += __builtin_fabs(sum) >= __builtin_fabs(term) ? (sum - next) + term : (term - next) + sum;
    sum = next;
  };
  double w = x;
  for (; w < kFar; w += 1) add(-1 / w);
  if (w == __builtin_huge_val()) return w;
  const double z = 1 / (w * w);
  add(__builtin_log(w));
  add(-0.5 / w - z / 12 + z * z / 120);
  return sum + lost;
}

// n-th derivative of ψ by its terms from x on, (−1)^(n + 1) · n! · Σ_k (x + k)^(−n − 1), and of those beyond
// a thousand by the integral. No reflection: below −1e6 it gives up.
double polygamma_by_terms(double n, double x) {
  constexpr double kLowest = -1e6;
  if (is_nan(x) || x < kLowest || !(n >= 0 && n <= 1000) || n != __builtin_floor(n)) return __builtin_nan("");
  if (x <= 0 && x == __builtin_floor(x)) {
    if (n > 0) return __builtin_fmod(n, 2) == 0 ? -__builtin_huge_val() : __builtin_huge_val();
    return x == 0 ? __builtin_copysign(__builtin_huge_val(), -x) : __builtin_nan("");
  }
  if (n == 0) return digamma_by_terms(x);
  long double sum = 0;
  long double w = x;
  for (; w < kFar; w += 1) sum += __builtin_powl(w, -n - 1);
  if (x < __builtin_huge_val()) {
    sum +=
        __builtin_powl(w, -n) / n + __builtin_powl(w, -n - 1) / 2 + (n + 1) * __builtin_powl(w, -n - 2) / 12;
  }
  return static_cast<double>((__builtin_fmod(n, 2) == 0 ? -1 : 1) * __builtin_tgamma(n + 1) * sum);
}

namespace op {

#define THALWEG_UNARY(name, result) \
  struct name {                     \
    template <typename W>           \
    static W of(W a) {              \
      return (result);              \
    }                               \
  }
#define THALWEG_BINARY(name, result) \
  struct name {                      \
    template <typename W>            \
    static W of(W a, W b) {          \
      return (result);               \
    }                                \
  }

THALWEG_BINARY(add, a + b);
THALWEG_BINARY(sub, a - b);
THALWEG_BINARY(mul, a* b);
THALWEG_BINARY(div, a / b);
THALWEG_BINARY(maximum, a > b || a != a ? a : b);
THALWEG_BINARY(minimum, a < b || a != a ? a : b);

THALWEG_UNARY(copy, a);
THALWEG_UNARY(neg, -a);
THALWEG_UNARY(abs, a < 0 ? -a : a == 0 ? W(0) : a);
THALWEG_UNARY(sign, a > 0 ? W(1) : a < 0 ? W(-1) : W(0));
THALWEG_UNARY(square, a* a);
THALWEG_UNARY(reciprocal, 1 / a);
THALWEG_UNARY(relu, a < 0 ? W(0) : a);
THALWEG_UNARY(heaviside, a > 0 ? W(1) : W(0));

THALWEG_BINARY(pow, __builtin_pow(a, b));
THALWEG_BINARY(atan2, __builtin_atan2(a, b));
THALWEG_BINARY(hypot, __builtin_hypot(a, b));
struct remainder {
  static double of(double a, double b) {
    const double rest = __builtin_fmod(a, b);
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }
  static int64_t of(int64_t a, int64_t b) { return b == 0 ? 0 : (a % b + b) % b; }
};
THALWEG_UNARY(sqrt, __builtin_sqrt(a));
THALWEG_UNARY(rsqrt, 1 / __builtin_sqrt(a));
THALWEG_UNARY(exp, __builtin_exp(a));
THALWEG_UNARY(log, __builtin_log(a));
THALWEG_UNARY(tanh, __builtin_tanh(a));
THALWEG_UNARY(sigmoid, a < 0 ? __builtin_exp(a) / (1 + __builtin_exp(a)) : 1 / (1 + __builtin_exp(-a)));
THALWEG_UNARY(sin, __builtin_sin(a));
THALWEG_UNARY(cos, __builtin_cos(a));
THALWEG_UNARY(tan, __builtin_tan(a));
THALWEG_UNARY(asin, __builtin_asin(a));
THALWEG_UNARY(acos, __builtin_acos(a));
THALWEG_UNARY(atan, __builtin_atan(a));
THALWEG_UNARY(sinh, __builtin_sinh(a));
THALWEG_UNARY(cosh, __builtin_cosh(a));
THALWEG_UNARY(asinh, __builtin_asinh(a));
THALWEG_UNARY(acosh, __builtin_acosh(a));
THALWEG_UNARY(atanh, __builtin_atanh(a));
THALWEG_UNARY(expm1, __builtin_expm1(a));
THALWEG_UNARY(log1p, __builtin_log1p(a));
THALWEG_UNARY(exp2, __builtin_exp2(a));
THALWEG_UNARY(log2, __builtin_log2(a));
THALWEG_UNARY(log10, __builtin_log10(a));
THALWEG_UNARY(erf, __builtin_erf(a));
THALWEG_UNARY(erfc, __builtin_erfc(a));
THALWEG_UNARY(lgamma, ln_gamma(a));
THALWEG_UNARY(digamma, polygamma_by_terms(0, a));
THALWEG_BINARY(polygamma, polygamma_by_terms(a, b));

THALWEG_BINARY(gammainc, incomplete_gamma(a, b, false));
THALWEG_BINARY(gammaincc, incomplete_gamma(a, b, true));
THALWEG_BINARY(gamma_density, thalweg::THALWEG_ISA::gamma_density(a, b));

double psi(double x) { return polygamma_by_terms(0, x); }
bool are_of_gamma(double a, double x) {
  return a > 0 && x >= 0 && is_finite_number(a) && is_finite_number(x);
}

struct gammainc_slope {
  static double of(double a, double x) {
    if (a > 0 && x >= 0 && is_finite_number(a) != is_finite_number(x)) return 0;
    if (!are_of_gamma(a, x)) return __builtin_nan("");
    if (x == 0) return 0;
    return static_cast<double>(-a * gamma_factor(a, x) * gamma_log_slope(a, x, __builtin_log(x), psi));
  }
};
struct gamma_sample_slope {
  static double of(double a, double x) {
    if (!are_of_gamma(a, x)) return __builtin_nan("");
    return x == 0 ? 0 : x * gamma_log_slope(a, x, __builtin_log(x), psi);
  }
};
struct log_gamma_sample_slope {
  static double of(double a, double y) {
    const double x = __builtin_exp(y);
    if (!are_of_gamma(a, x) || y == -__builtin_huge_val()) return __builtin_nan("");
    return gamma_log_slope(a, x, y, psi);
  }
};

struct betainc {
  static double of(double a, double b, double x) { return incomplete_beta(a, b, x); }
};
struct beta_density {
  static double of(double a, double b, double x) { return density_of_beta(a, b, x); }
};

// The smallest y ≥ 0 with erf y ≥ |x|, by bisection: over the bits of y, which are ordered as y is, so that a
// tiny one has all its digits; and on erfc where erf is near 1.
struct erfinv {
  static double of(double x) {
    const double size = __builtin_fabs(x);
    if (!(size < 1)) return size == 1 ? x * __builtin_huge_val() : __builtin_nan("");
    int64_t low = -1, high = __builtin_bit_cast(int64_t, 6.0);  // erfc 6 is less than 1 − |x| can be
    while (high - low > 1) {
      const int64_t middle = low + (high - low) / 2;
      const double y = __builtin_bit_cast(double, middle);
      const bool is_enough = size < 0.5 ? __builtin_erf(y) >= size : __builtin_erfc(y) <= 1 - size;
      (is_enough ? high : low) = middle;
    }
    return __builtin_copysign(__builtin_bit_cast(double, high), x);
  }
};

THALWEG_UNARY(floor, __builtin_floor(a));
THALWEG_UNARY(ceil, __builtin_ceil(a));
THALWEG_UNARY(round, __builtin_rint(a));
THALWEG_UNARY(trunc, __builtin_trunc(a));

THALWEG_BINARY(equal, a == b);
THALWEG_BINARY(not_equal, a != b);
THALWEG_BINARY(less, a < b);
THALWEG_BINARY(less_equal, a <= b);
THALWEG_BINARY(greater, a > b);
THALWEG_BINARY(greater_equal, a >= b);
THALWEG_BINARY(logical_and, a != 0 && b != 0);
THALWEG_BINARY(logical_or, a != 0 || b != 0);
THALWEG_UNARY(logical_not, a == 0);
THALWEG_UNARY(is_finite, !is_nan(a) && __builtin_fabs(a) != __builtin_huge_val());

THALWEG_UNARY(to_float32, a);
THALWEG_UNARY(to_float64, a);
// Towards zero, held to the range of int32; NaN gives 0.
THALWEG_UNARY(to_int32, is_nan(a) ? 0 : a <= INT32_MIN ? INT32_MIN : a >= INT32_MAX ? INT32_MAX : a);
THALWEG_UNARY(to_bool, a != 0);

struct where {
  template <typename T>
  static void run(int64_t n, const void* const* in, const int64_t* strides, void* out) {
    for (int64_t i = 0; i < n; ++i) {
      const bool condition = static_cast<const uint8_t*>(in[0])[i * strides[0]] != 0;
      const int chosen = condition ? 1 : 2;
      static_cast<T*>(out)[i] = static_cast<const T*>(in[chosen])[i * strides[chosen]];
    }
  }
};

}  // namespace op

// --- the loop ------------------------------------------------------------------------------------

// What the functors compute in: int64, in which no int32 overflows, or double.
template <typename T, Gives kGives>
struct WideOf {
  using Type = double;
};
template <>
struct WideOf<int32_t, Gives::same> {
  using Type = int64_t;
};

// The C++ type of a result.
template <typename T, Gives kGives>
struct ResultOf {
  using Type = T;
};
#define THALWEG_X(dtype, name, type, kind) \
  template <typename T>                    \
  struct ResultOf<T, Gives::dtype> {       \
    using Type = type;                     \
  };
THALWEG_DTYPES(THALWEG_X)
#undef THALWEG_X

// Any byte but 0 is true; a copy keeps it.
template <typename W, Gives kGives, typename T>
W widened(T x) {
  if (kDType<T> == DType::boolean && kGives != Gives::same) return x != 0 ? 1 : 0;
  return static_cast<W>(x);
}

// Through int64: it wraps where it is more than an int32.
template <typename Y, typename W>
Y narrowed(W x) {
  if constexpr (kDType<Y> == DType::int32) {
    return static_cast<Y>(static_cast<uint32_t>(static_cast<int64_t>(x)));
  } else {
    return static_cast<Y>(x);
  }
}

// The kernel of an op: its own loop where it has one, otherwise element by element.
template <typename Op, Elementwise kKernel>
struct Loop {
  template <typename T>
  static void run(int64_t n, const void* const* in, const int64_t* strides, void* out) {
    constexpr ElementwiseInfo kInfo = info_of(kKernel);
    if constexpr (requires { &Op::template run<T>; }) {
      Op::template run<T>(n, in, strides, out);
    } else {
      using W = typename WideOf<T, kInfo.gives>::Type;
      using Y = typename ResultOf<T, kInfo.gives>::Type;
      Y* const y = static_cast<Y*>(out);
      const auto input = [&](int k, int64_t i) {
        return widened<W, kInfo.gives>(static_cast<const T*>(in[k])[i * strides[k]]);
      };
      for (int64_t i = 0; i < n; ++i) {
        if constexpr (kInfo.inputs == 1) {
          y[i] = narrowed<Y>(Op::of(input(0, i)));
        } else if constexpr (kInfo.inputs == 3) {
          y[i] = narrowed<Y>(Op::of(input(0, i), input(1, i), input(2, i)));
        } else {
          y[i] = narrowed<Y>(Op::of(input(0, i), input(1, i)));
        }
      }
    }
  }
};

}  // namespace

void add_elementwise(Table& table) {
#define THALWEG_X(name, ...) \
  add_member<Loop<op::name, Elementwise::name>, Elementwise::name>(table.elementwise);
  THALWEG_ELEMENTWISE(THALWEG_X)
#undef THALWEG_X
}

}  // namespace thalweg::THALWEG_ISA
