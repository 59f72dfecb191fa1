// y[i] = f(a[i·sa], b[i·sb], c[i·sc]) for i < n; each stride is 0 (one value for all) or 1.
//
// Each functor of `op` has the name of its row in elementwise.h. Its `of` says what it does to one element;
// the loops below make a kernel of it, one loop for each combination of strides, so that the compiler sees
// plain vector loops. A functor with a `run` of its own is the whole kernel.
// y may be an input itself (same address, same element size): hence `omp simd`, and no __restrict.
#include "elementwise.h"

#include "gamma.h"
#include "incomplete-beta.h"
#include "incomplete-gamma.h"
#include "isa/fill.h"
#include "isa/tuning.h"
#include "math.h"

namespace thalweg::THALWEG_ISA {
namespace {

// --- loops ---------------------------------------------------------------------------------------

template <typename Y, typename F>
THALWEG_INLINE void for_each(int64_t n, Y* y, F f) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) y[i] = f(i);
}

template <typename Op, typename A>
void unary(int64_t n, const void* const* in, const int64_t* strides, void* out) {
  using Y = decltype(Op::of(A()));
  const A* a = static_cast<const A*>(in[0]);
  Y* y = static_cast<Y*>(out);
  if (n <= 0) return;
  if (strides[0] == 0) {
    const Y value = Op::of(*a);
    return for_each(n, y, [=](int64_t) { return value; });
  }
  for_each(n, y, [=](int64_t i) { return Op::of(a[i]); });
}

// The same for functions of many instructions: in whole vectors only, the rest through a padded copy,
// because a scalar tail would take longer than all the vectors of a short row.
template <typename Op, typename T>
void unary_by_blocks(int64_t n, const void* const* in, const int64_t* strides, void* out) {
  constexpr int64_t kBlock = Tuning::block_bytes / static_cast<int64_t>(sizeof(T));
  const T* a = static_cast<const T*>(in[0]);
  T* y = static_cast<T*>(out);
  if (n <= 0) return;
  if (strides[0] == 0) {
    const T value = Op::of(*a);
    return for_each(n, y, [=](int64_t) { return value; });
  }
  int64_t done = 0;
  for (; done + kBlock <= n; done += kBlock) {
    for_each(kBlock, y + done, [=](int64_t i) { return Op::of(a[done + i]); });
  }
  if (done == n) return;
  T rest[kBlock] = {};
  for (int64_t i = 0; i < n - done; ++i) rest[i] = a[done + i];
  for_each(kBlock, rest, [&](int64_t i) { return Op::of(rest[i]); });
  for (int64_t i = 0; i < n - done; ++i) y[done + i] = rest[i];
}

template <typename Op, typename A>
void binary(int64_t n, const void* const* in, const int64_t* strides, void* out) {
  using Y = decltype(Op::of(A(), A()));
  const A* a = static_cast<const A*>(in[0]);
  const A* b = static_cast<const A*>(in[1]);
  Y* y = static_cast<Y*>(out);
  if (n <= 0) return;
  const A a0 = *a, b0 = *b;
  if (strides[0] != 0 && strides[1] != 0) {
    for_each(n, y, [=](int64_t i) { return Op::of(a[i], b[i]); });
  } else if (strides[0] != 0) {
    for_each(n, y, [=](int64_t i) { return Op::of(a[i], b0); });
  } else if (strides[1] != 0) {
    for_each(n, y, [=](int64_t i) { return Op::of(a0, b[i]); });
  } else {
    const Y value = Op::of(a0, b0);
    for_each(n, y, [=](int64_t) { return value; });
  }
}

template <typename Op, typename T>
void ternary(int64_t n, const void* const* in, const int64_t* strides, void* out) {
  const T* a = static_cast<const T*>(in[0]);
  const T* b = static_cast<const T*>(in[1]);
  const T* c = static_cast<const T*>(in[2]);
  const int64_t da = strides[0], db = strides[1], dc = strides[2];
  for_each(n, static_cast<T*>(out), [=](int64_t i) { return Op::of(a[i * da], b[i * db], c[i * dc]); });
}

namespace op {

// --- arithmetic ----------------------------------------------------------------------------------

template <typename T>
THALWEG_INLINE Modular<T> modular(T x) {
  return static_cast<Modular<T>>(x);
}

#define THALWEG_UNARY_OP(name, result) \
  struct name {                        \
    template <typename T>              \
    THALWEG_INLINE auto of(T x) {      \
      return (result);                 \
    }                                  \
  }
#define THALWEG_BINARY_OP(name, result) \
  struct name {                         \
    template <typename T>               \
    THALWEG_INLINE auto of(T a, T b) {  \
      return (result);                  \
    }                                   \
  }

#define THALWEG_TERNARY_OP(name, result)    \
  struct name {                             \
    template <typename T>                   \
    THALWEG_INLINE auto of(T a, T b, T c) { \
      return (result);                      \
    }                                       \
  }

THALWEG_BINARY_OP(add, static_cast<T>(modular(a) + modular(b)));
THALWEG_BINARY_OP(sub, static_cast<T>(modular(a) - modular(b)));
THALWEG_BINARY_OP(mul, static_cast<T>(modular(a) * modular(b)));
THALWEG_BINARY_OP(div, a / b);
// A NaN on either side wins.
THALWEG_BINARY_OP(maximum, ((a > b) | (a != a)) ? a : b);
THALWEG_BINARY_OP(minimum, ((a < b) | (a != a)) ? a : b);

THALWEG_UNARY_OP(copy, x);
THALWEG_UNARY_OP(neg, static_cast<T>(-modular(x)));
THALWEG_UNARY_OP(square, static_cast<T>(modular(x) * modular(x)));
THALWEG_UNARY_OP(sqrt, sqrt_(x));
THALWEG_UNARY_OP(reciprocal, T(1) / x);
THALWEG_UNARY_OP(exp, exp_(x));
THALWEG_UNARY_OP(log, log_(x));
THALWEG_UNARY_OP(tanh, tanh_(x));
THALWEG_UNARY_OP(sigmoid, sigmoid_(x));
THALWEG_UNARY_OP(erfinv, erfinv_(x));
// The comparisons are false for a NaN: relu keeps it, heaviside and sign make it 0.
THALWEG_UNARY_OP(relu, x < T(0) ? T(0) : x);
THALWEG_UNARY_OP(heaviside, x > T(0) ? T(1) : T(0));
THALWEG_UNARY_OP(sign, static_cast<T>(T(x > T(0)) - T(x < T(0))));

THALWEG_UNARY_OP(rsqrt, T(1) / sqrt_(x));

// Functions of the C library, one element at a time.
#define THALWEG_LIBRARY_OP(name, function)                                  \
  struct name {                                                             \
    THALWEG_INLINE float of(float x) { return __builtin_##function##f(x); } \
    THALWEG_INLINE double of(double x) { return __builtin_##function(x); }  \
  }
THALWEG_LIBRARY_OP(sin, sin);
THALWEG_LIBRARY_OP(cos, cos);
THALWEG_LIBRARY_OP(tan, tan);
THALWEG_LIBRARY_OP(asin, asin);
THALWEG_LIBRARY_OP(acos, acos);
THALWEG_LIBRARY_OP(atan, atan);
THALWEG_LIBRARY_OP(sinh, sinh);
THALWEG_LIBRARY_OP(cosh, cosh);
THALWEG_LIBRARY_OP(asinh, asinh);
THALWEG_LIBRARY_OP(acosh, acosh);
THALWEG_LIBRARY_OP(atanh, atanh);
THALWEG_LIBRARY_OP(expm1, expm1);
THALWEG_LIBRARY_OP(log1p, log1p);
THALWEG_LIBRARY_OP(exp2, exp2);
THALWEG_LIBRARY_OP(log2, log2);
THALWEG_LIBRARY_OP(log10, log10);
THALWEG_LIBRARY_OP(erf, erf);
THALWEG_LIBRARY_OP(erfc, erfc);
THALWEG_LIBRARY_OP(floor, floor);
THALWEG_LIBRARY_OP(ceil, ceil);
THALWEG_LIBRARY_OP(round, rint);
THALWEG_LIBRARY_OP(trunc, trunc);

// Not `lgamma`, which writes the sign to a variable that all threads have.
extern "C" float lgammaf_r(float x, int* sign);
extern "C" double lgamma_r(double x, int* sign);
struct lgamma {
  THALWEG_INLINE float of(float x) {
    int sign;
    return lgammaf_r(x, &sign);
  }
  THALWEG_INLINE double of(double x) {
    int sign;
    return lgamma_r(x, &sign);
  }
};
THALWEG_UNARY_OP(digamma, static_cast<T>(digamma_(x)));
THALWEG_BINARY_OP(polygamma, static_cast<T>(polygamma_(a, b)));
THALWEG_BINARY_OP(gammainc, static_cast<T>(gammainc_(a, b)));
THALWEG_BINARY_OP(gammaincc, static_cast<T>(gammaincc_(a, b)));
THALWEG_BINARY_OP(gammainc_slope, static_cast<T>(gammainc_slope_(a, b)));
THALWEG_BINARY_OP(gamma_density, static_cast<T>(gamma_density_(a, b)));
THALWEG_BINARY_OP(gamma_sample_slope, static_cast<T>(gamma_sample_slope_(a, b)));
THALWEG_BINARY_OP(log_gamma_sample_slope, static_cast<T>(log_gamma_sample_slope_(a, b)));
THALWEG_TERNARY_OP(betainc, static_cast<T>(betainc_(a, b, c)));
THALWEG_TERNARY_OP(beta_density, static_cast<T>(beta_density_(a, b, c)));

struct atan2 {
  THALWEG_INLINE float of(float a, float b) { return __builtin_atan2f(a, b); }
  THALWEG_INLINE double of(double a, double b) { return __builtin_atan2(a, b); }
};

struct hypot {
  THALWEG_INLINE float of(float a, float b) { return __builtin_hypotf(a, b); }
  THALWEG_INLINE double of(double a, double b) { return __builtin_hypot(a, b); }
};

// The rest of a / b with b's sign. Of whole numbers 0 where b is 0; b = −1 apart, since −2³¹ / −1 overflows.
struct remainder {
  template <typename T>
  THALWEG_INLINE T signed_as(T b, T rest) {
    return ((rest != 0) & ((rest < 0) != (b < 0))) ? rest + b : rest;
  }
  THALWEG_INLINE float of(float a, float b) { return signed_as(b, __builtin_fmodf(a, b)); }
  THALWEG_INLINE double of(double a, double b) { return signed_as(b, __builtin_fmod(a, b)); }
  THALWEG_INLINE int32_t of(int32_t a, int32_t b) { return b == 0 || b == -1 ? 0 : signed_as(b, a % b); }
};

struct abs {
  template <typename T>
  THALWEG_INLINE T of(T x) {
    return abs_(x);
  }
  THALWEG_INLINE int32_t of(int32_t x) { return x < 0 ? static_cast<int32_t>(-modular(x)) : x; }
};

// --- comparisons, logic, conversions -------------------------------------------------------------

// JavaScript can write any byte to a boolean tensor: all but 0 are true, and equal.
THALWEG_INLINE float comparable(float x) { return x; }
THALWEG_INLINE double comparable(double x) { return x; }
THALWEG_INLINE int32_t comparable(int32_t x) { return x; }
THALWEG_INLINE uint8_t comparable(uint8_t x) { return x != 0; }

THALWEG_BINARY_OP(equal, static_cast<uint8_t>(comparable(a) == comparable(b)));
THALWEG_BINARY_OP(not_equal, static_cast<uint8_t>(comparable(a) != comparable(b)));
THALWEG_BINARY_OP(less, static_cast<uint8_t>(comparable(a) < comparable(b)));
THALWEG_BINARY_OP(less_equal, static_cast<uint8_t>(comparable(a) <= comparable(b)));
THALWEG_BINARY_OP(greater, static_cast<uint8_t>(comparable(a) > comparable(b)));
THALWEG_BINARY_OP(greater_equal, static_cast<uint8_t>(comparable(a) >= comparable(b)));
THALWEG_BINARY_OP(logical_and, static_cast<uint8_t>((a != 0) & (b != 0)));
THALWEG_BINARY_OP(logical_or, static_cast<uint8_t>((a != 0) | (b != 0)));
THALWEG_UNARY_OP(logical_not, static_cast<uint8_t>(x == 0));
THALWEG_UNARY_OP(to_bool, static_cast<uint8_t>(x != T(0)));

// x − x is 0 for all but NaN and ±∞.
THALWEG_UNARY_OP(is_finite, static_cast<uint8_t>(modular(x) - modular(x) == 0));

template <typename Y>
struct to_floating {
  template <typename T>
  THALWEG_INLINE Y of(T x) {
    return static_cast<Y>(x);
  }
  THALWEG_INLINE Y of(uint8_t x) { return x != 0 ? Y(1) : Y(0); }
};
struct to_float32 : to_floating<float> {};
struct to_float64 : to_floating<double> {};

// Towards zero, held to the range of int32; NaN gives 0.
struct to_int32 {
  template <typename T>
  THALWEG_INLINE int32_t of(T x) {
    constexpr T kLowest = -0x1p31, kAbove = 0x1p31;
    const T at_least = x > kLowest ? x : x <= kLowest ? kLowest : T(0);
    const int32_t value = static_cast<int32_t>(at_least < kAbove ? at_least : T(0));
    return at_least < kAbove ? value : INT32_MAX;
  }
  THALWEG_INLINE int32_t of(int32_t x) { return x; }
  THALWEG_INLINE int32_t of(uint8_t x) { return x != 0; }
};

// --- with loops of their own ---------------------------------------------------------------------

// With the same exponent for all, the common ones need no call.
struct pow {
  template <typename T>
  THALWEG_INLINE T of(T a, T b) {
    return pow_(a, b);
  }

  template <typename T>
  static void run(int64_t n, const void* const* in, const int64_t* strides, void* out) {
    if (strides[1] != 0 || strides[0] == 0 || n <= 0) return binary<pow, T>(n, in, strides, out);
    const T* x = static_cast<const T*>(in[0]);
    const T exponent = *static_cast<const T*>(in[1]);
    T* y = static_cast<T*>(out);
    if (exponent == T(2)) {
      for_each(n, y, [=](int64_t i) { return x[i] * x[i]; });
    } else if (exponent == T(3)) {
      for_each(n, y, [=](int64_t i) { return x[i] * x[i] * x[i]; });
    } else if (exponent == T(-1)) {
      for_each(n, y, [=](int64_t i) { return T(1) / x[i]; });
    } else if (exponent == T(0.5)) {
      // Unlike √x: pow(−0, ½) is +0 and pow(−∞, ½) is +∞.
      const T infinity = __builtin_huge_val();
      for_each(n, y, [=](int64_t i) { return x[i] == -infinity ? infinity : sqrt_(x[i] + T(0)); });
    } else {
      binary<pow, T>(n, in, strides, out);
    }
  }
};

// y[i] = condition[i·sc] ? a[i·sa] : b[i·sb]
struct where {
  template <typename T>
  static void run(int64_t n, const void* const* in, const int64_t* strides, void* out) {
    const uint8_t* condition = static_cast<const uint8_t*>(in[0]);
    const T* a = static_cast<const T*>(in[1]);
    const T* b = static_cast<const T*>(in[2]);
    T* y = static_cast<T*>(out);
    if (n <= 0) return;
    const T a0 = *a, b0 = *b;
    const auto choose = [condition](int64_t i, T va, T vb) { return condition[i] != 0 ? va : vb; };
    if (strides[0] == 0) {
      const T* from = *condition != 0 ? a : b;
      const T from0 = *from;
      if (strides[*condition != 0 ? 1 : 2] == 0) {
        for_each(n, y, [=](int64_t) { return from0; });
      } else {
        for_each(n, y, [=](int64_t i) { return from[i]; });
      }
    } else if (strides[1] != 0 && strides[2] != 0) {
      for_each(n, y, [=](int64_t i) { return choose(i, a[i], b[i]); });
    } else if (strides[1] != 0) {
      for_each(n, y, [=](int64_t i) { return choose(i, a[i], b0); });
    } else if (strides[2] != 0) {
      for_each(n, y, [=](int64_t i) { return choose(i, a0, b[i]); });
    } else {
      for_each(n, y, [=](int64_t i) { return choose(i, a0, b0); });
    }
  }
};

}  // namespace op

// --- the table -----------------------------------------------------------------------------------

template <typename Op, typename T, int32_t kInputs>
constexpr DType kResultOf = DType::count;
template <typename Op, typename T>
constexpr DType kResultOf<Op, T, 1> = kDType<decltype(Op::of(T()))>;
template <typename Op, typename T>
constexpr DType kResultOf<Op, T, 2> = kDType<decltype(Op::of(T(), T()))>;
template <typename Op, typename T>
constexpr DType kResultOf<Op, T, 3> = kDType<decltype(Op::of(T(), T(), T()))>;

// The kernel of an op: its own loop where it has one, otherwise the loop for its number of inputs.
template <typename Op, Elementwise kKernel>
struct Loop {
  template <typename T>
  static constexpr ElementwiseFn select() {
    constexpr ElementwiseInfo kInfo = info_of(kKernel);
    if constexpr (requires { &Op::template run<T>; }) {
      return Op::template run<T>;
    } else {
      static_assert(kResultOf<Op, T, kInfo.inputs> == dtype_given(kInfo.gives, kDType<T>),
                    "the row in elementwise.h names another dtype for the result");
      if constexpr (kInfo.inputs == 3) {
        return ternary<Op, T>;
      } else if constexpr (kInfo.inputs == 2) {
        return binary<Op, T>;
      } else if constexpr (kInfo.cost == ElementwiseCost::function) {
        return unary_by_blocks<Op, T>;
      } else {
        return unary<Op, T>;
      }
    }
  }

  template <typename T>
  static constexpr ElementwiseFn run = select<T>();
};

}  // namespace

void add_elementwise(Table& table) {
#define THALWEG_X(name, ...) \
  add_member<Loop<op::name, Elementwise::name>, Elementwise::name>(table.elementwise);
  THALWEG_ELEMENTWISE(THALWEG_X)
#undef THALWEG_X
}

}  // namespace thalweg::THALWEG_ISA
