// y[i] = f(a[i·sa], b[i·sb], c[i·sc]) for i < n; each stride is 0 (one value for all) or 1.
//
// Each op is a struct whose `of` says what it does to one element; the loops below turn it into a
// kernel, one loop for each combination of strides, so that the compiler sees plain vector loops.
// y may be an input itself (same address, same element size): hence `omp simd`, and no __restrict.
#include "elementwise.h"

#include "isa/namespace.h"
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
  constexpr int64_t kBlock = 64 / sizeof(T);
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

// y[i] = condition[i·sc] ? a[i·sa] : b[i·sb]
template <typename T>
void where(int64_t n, const void* const* in, const int64_t* strides, void* out) {
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

// --- arithmetic ----------------------------------------------------------------------------------

// Whole numbers are added, negated and multiplied without a sign, so that overflow wraps.
THALWEG_INLINE float modular(float x) { return x; }
THALWEG_INLINE double modular(double x) { return x; }
THALWEG_INLINE uint32_t modular(int32_t x) { return static_cast<uint32_t>(x); }

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

THALWEG_BINARY_OP(Add, static_cast<T>(modular(a) + modular(b)));
THALWEG_BINARY_OP(Sub, static_cast<T>(modular(a) - modular(b)));
THALWEG_BINARY_OP(Mul, static_cast<T>(modular(a) * modular(b)));
THALWEG_BINARY_OP(Div, a / b);
THALWEG_BINARY_OP(Pow, pow_(a, b));
// A NaN on either side wins.
THALWEG_BINARY_OP(Maximum, ((a > b) | (a != a)) ? a : b);
THALWEG_BINARY_OP(Minimum, ((a < b) | (a != a)) ? a : b);

THALWEG_UNARY_OP(Copy, x);
THALWEG_UNARY_OP(Neg, static_cast<T>(-modular(x)));
THALWEG_UNARY_OP(Square, static_cast<T>(modular(x) * modular(x)));
THALWEG_UNARY_OP(Sqrt, sqrt_(x));
THALWEG_UNARY_OP(Reciprocal, T(1) / x);
THALWEG_UNARY_OP(Exp, exp_(x));
THALWEG_UNARY_OP(Log, log_(x));
THALWEG_UNARY_OP(Tanh, tanh_(x));
THALWEG_UNARY_OP(Sigmoid, sigmoid_(x));
// The comparisons are false for a NaN: relu keeps it, heaviside and sign make it 0.
THALWEG_UNARY_OP(Relu, x < T(0) ? T(0) : x);
THALWEG_UNARY_OP(Heaviside, x > T(0) ? T(1) : T(0));
THALWEG_UNARY_OP(Sign, static_cast<T>(T(x > T(0)) - T(x < T(0))));

THALWEG_UNARY_OP(Rsqrt, T(1) / sqrt_(x));

// Functions of the C library, one element at a time.
#define THALWEG_LIBRARY_OP(name, function)                                  \
  struct name {                                                             \
    THALWEG_INLINE float of(float x) { return __builtin_##function##f(x); } \
    THALWEG_INLINE double of(double x) { return __builtin_##function(x); }  \
  }
THALWEG_LIBRARY_OP(Sin, sin);
THALWEG_LIBRARY_OP(Cos, cos);
THALWEG_LIBRARY_OP(Tan, tan);
THALWEG_LIBRARY_OP(Asin, asin);
THALWEG_LIBRARY_OP(Acos, acos);
THALWEG_LIBRARY_OP(Atan, atan);
THALWEG_LIBRARY_OP(Sinh, sinh);
THALWEG_LIBRARY_OP(Cosh, cosh);
THALWEG_LIBRARY_OP(Asinh, asinh);
THALWEG_LIBRARY_OP(Acosh, acosh);
THALWEG_LIBRARY_OP(Atanh, atanh);
THALWEG_LIBRARY_OP(Expm1, expm1);
THALWEG_LIBRARY_OP(Log1p, log1p);
THALWEG_LIBRARY_OP(Exp2, exp2);
THALWEG_LIBRARY_OP(Log2, log2);
THALWEG_LIBRARY_OP(Log10, log10);
THALWEG_LIBRARY_OP(Erf, erf);
THALWEG_LIBRARY_OP(Erfc, erfc);
THALWEG_LIBRARY_OP(Floor, floor);
THALWEG_LIBRARY_OP(Ceil, ceil);
THALWEG_LIBRARY_OP(Round, rint);
THALWEG_LIBRARY_OP(Trunc, trunc);

struct Atan2 {
  THALWEG_INLINE float of(float a, float b) { return __builtin_atan2f(a, b); }
  THALWEG_INLINE double of(double a, double b) { return __builtin_atan2(a, b); }
};

struct Abs {
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

THALWEG_BINARY_OP(Equal, static_cast<uint8_t>(comparable(a) == comparable(b)));
THALWEG_BINARY_OP(NotEqual, static_cast<uint8_t>(comparable(a) != comparable(b)));
THALWEG_BINARY_OP(Less, static_cast<uint8_t>(comparable(a) < comparable(b)));
THALWEG_BINARY_OP(LessEqual, static_cast<uint8_t>(comparable(a) <= comparable(b)));
THALWEG_BINARY_OP(Greater, static_cast<uint8_t>(comparable(a) > comparable(b)));
THALWEG_BINARY_OP(GreaterEqual, static_cast<uint8_t>(comparable(a) >= comparable(b)));
THALWEG_BINARY_OP(LogicalAnd, static_cast<uint8_t>((a != 0) & (b != 0)));
THALWEG_BINARY_OP(LogicalOr, static_cast<uint8_t>((a != 0) | (b != 0)));
THALWEG_UNARY_OP(LogicalNot, static_cast<uint8_t>(x == 0));
THALWEG_UNARY_OP(ToBool, static_cast<uint8_t>(x != T(0)));

// x − x is 0 for all but NaN and ±∞.
THALWEG_UNARY_OP(IsFinite, static_cast<uint8_t>(modular(x) - modular(x) == 0));

template <typename Y>
struct ToFloating {
  template <typename T>
  THALWEG_INLINE Y of(T x) {
    return static_cast<Y>(x);
  }
  THALWEG_INLINE Y of(uint8_t x) { return x != 0 ? Y(1) : Y(0); }
};

// Towards zero, held to the range of int32; NaN gives 0.
struct ToInt32 {
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

// With the same exponent for all, the common ones need no call.
template <typename T>
void pow(int64_t n, const void* const* in, const int64_t* strides, void* out) {
  if (strides[1] != 0 || strides[0] == 0 || n <= 0) return binary<Pow, T>(n, in, strides, out);
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
    binary<Pow, T>(n, in, strides, out);
  }
}

// --- the table -----------------------------------------------------------------------------------

template <typename Op, typename... T>
void add_unary(Table& table, Elementwise kernel) {
  ((table.elementwise[kernel][kDType<T>] = unary<Op, T>), ...);
}

template <typename Op>
void add_function(Table& table, Elementwise kernel) {
  table.elementwise[kernel][kDType<float>] = unary_by_blocks<Op, float>;
  table.elementwise[kernel][kDType<double>] = unary_by_blocks<Op, double>;
}

template <typename Op, typename... T>
void add_binary(Table& table, Elementwise kernel) {
  ((table.elementwise[kernel][kDType<T>] = binary<Op, T>), ...);
}

void add_arithmetic(Table& table) {
  add_binary<Add, float, double, int32_t>(table, Elementwise::add);
  add_binary<Sub, float, double, int32_t>(table, Elementwise::sub);
  add_binary<Mul, float, double, int32_t>(table, Elementwise::mul);
  add_binary<Div, float, double>(table, Elementwise::div);
  table.elementwise[Elementwise::pow][kDType<float>] = pow<float>;
  table.elementwise[Elementwise::pow][kDType<double>] = pow<double>;
  add_binary<Maximum, float, double, int32_t>(table, Elementwise::maximum);
  add_binary<Minimum, float, double, int32_t>(table, Elementwise::minimum);
  add_unary<Copy, float, double, int32_t, uint8_t>(table, Elementwise::copy);
  add_unary<Neg, float, double, int32_t>(table, Elementwise::neg);
  add_unary<Abs, float, double, int32_t>(table, Elementwise::abs);
  add_unary<Sign, float, double, int32_t>(table, Elementwise::sign);
  add_unary<Square, float, double, int32_t>(table, Elementwise::square);
  add_unary<Sqrt, float, double>(table, Elementwise::sqrt);
  add_unary<Reciprocal, float, double>(table, Elementwise::reciprocal);
  add_function<Exp>(table, Elementwise::exp);
  add_function<Log>(table, Elementwise::log);
  add_function<Tanh>(table, Elementwise::tanh);
  add_function<Sigmoid>(table, Elementwise::sigmoid);
  add_unary<Relu, float, double, int32_t>(table, Elementwise::relu);
  add_unary<Heaviside, float, double, int32_t>(table, Elementwise::heaviside);
}

void add_functions(Table& table) {
  add_unary<Sin, float, double>(table, Elementwise::sin);
  add_unary<Cos, float, double>(table, Elementwise::cos);
  add_unary<Tan, float, double>(table, Elementwise::tan);
  add_unary<Asin, float, double>(table, Elementwise::asin);
  add_unary<Acos, float, double>(table, Elementwise::acos);
  add_unary<Atan, float, double>(table, Elementwise::atan);
  add_unary<Sinh, float, double>(table, Elementwise::sinh);
  add_unary<Cosh, float, double>(table, Elementwise::cosh);
  add_unary<Asinh, float, double>(table, Elementwise::asinh);
  add_unary<Acosh, float, double>(table, Elementwise::acosh);
  add_unary<Atanh, float, double>(table, Elementwise::atanh);
  add_unary<Expm1, float, double>(table, Elementwise::expm1);
  add_unary<Log1p, float, double>(table, Elementwise::log1p);
  add_unary<Exp2, float, double>(table, Elementwise::exp2);
  add_unary<Log2, float, double>(table, Elementwise::log2);
  add_unary<Log10, float, double>(table, Elementwise::log10);
  add_unary<Erf, float, double>(table, Elementwise::erf);
  add_unary<Erfc, float, double>(table, Elementwise::erfc);
  add_unary<Rsqrt, float, double>(table, Elementwise::rsqrt);
  add_unary<Floor, float, double>(table, Elementwise::floor);
  add_unary<Ceil, float, double>(table, Elementwise::ceil);
  add_unary<Round, float, double>(table, Elementwise::round);
  add_unary<Trunc, float, double>(table, Elementwise::trunc);
  add_binary<Atan2, float, double>(table, Elementwise::atan2);
}

void add_tests_and_conversions(Table& table) {
  add_binary<Equal, float, double, int32_t, uint8_t>(table, Elementwise::equal);
  add_binary<NotEqual, float, double, int32_t, uint8_t>(table, Elementwise::not_equal);
  add_binary<Less, float, double, int32_t, uint8_t>(table, Elementwise::less);
  add_binary<LessEqual, float, double, int32_t, uint8_t>(table, Elementwise::less_equal);
  add_binary<Greater, float, double, int32_t, uint8_t>(table, Elementwise::greater);
  add_binary<GreaterEqual, float, double, int32_t, uint8_t>(table, Elementwise::greater_equal);
  add_binary<LogicalAnd, uint8_t>(table, Elementwise::logical_and);
  add_binary<LogicalOr, uint8_t>(table, Elementwise::logical_or);
  add_unary<LogicalNot, uint8_t>(table, Elementwise::logical_not);
  add_unary<IsFinite, float, double, int32_t, uint8_t>(table, Elementwise::is_finite);
  add_unary<ToFloating<float>, float, double, int32_t, uint8_t>(table, Elementwise::to_float32);
  add_unary<ToFloating<double>, float, double, int32_t, uint8_t>(table, Elementwise::to_float64);
  add_unary<ToInt32, float, double, int32_t, uint8_t>(table, Elementwise::to_int32);
  add_unary<ToBool, float, double, int32_t, uint8_t>(table, Elementwise::to_bool);

  auto& entries = table.elementwise[Elementwise::where];
  entries[kDType<float>] = where<float>;
  entries[kDType<double>] = where<double>;
  entries[kDType<int32_t>] = where<int32_t>;
  entries[kDType<uint8_t>] = where<uint8_t>;
}

}  // namespace

void add_elementwise(Table& table) {
  add_arithmetic(table);
  add_functions(table);
  add_tests_and_conversions(table);
}

}  // namespace thalweg::THALWEG_ISA
