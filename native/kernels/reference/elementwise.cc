// The naive twin of ../elementwise.cc: one element at a time, with the C library's functions in double.
#include "../elementwise.h"

#include "../isa/namespace.h"

namespace thalweg::THALWEG_ISA {
namespace {

template <typename T>
constexpr bool kIsFloating = kDType<T> == DType::float32 || kDType<T> == DType::float64;

// What an arithmetic op computes in: floats in double; whole numbers in int64, where none overflows.
template <typename T>
struct WideOf {
  using Type = double;
};
template <>
struct WideOf<int32_t> {
  using Type = int64_t;
};
template <typename T>
using Wide = typename WideOf<T>::Type;

template <typename T>
T narrow(Wide<T> x) {
  if constexpr (kIsFloating<T>) {
    return static_cast<T>(x);
  } else {
    return static_cast<T>(static_cast<uint32_t>(x));  // wraps
  }
}

bool is_nan(double x) { return x != x; }

// --- one element ---------------------------------------------------------------------------------

template <Elementwise kKernel, typename W>
W arithmetic(W a, W b) {
  switch (kKernel) {
    case Elementwise::add:
      return a + b;
    case Elementwise::sub:
      return a - b;
    case Elementwise::mul:
      return a * b;
    case Elementwise::maximum:
      return a > b || a != a ? a : b;
    case Elementwise::minimum:
      return a < b || a != a ? a : b;
    case Elementwise::copy:
      return a;
    case Elementwise::neg:
      return -a;
    case Elementwise::abs:
      return a < 0 ? -a : a == 0 ? W(0) : a;
    case Elementwise::sign:
      return a > 0 ? W(1) : a < 0 ? W(-1) : W(0);
    case Elementwise::square:
      return a * a;
    case Elementwise::relu:
      return a < 0 ? W(0) : a;
    case Elementwise::heaviside:
      return a > 0 ? W(1) : W(0);
    default:
      return W(0);
  }
}

template <Elementwise kKernel>
double function(double a, double b) {
  switch (kKernel) {
    case Elementwise::div:
      return a / b;
    case Elementwise::pow:
      return __builtin_pow(a, b);
    case Elementwise::sqrt:
      return __builtin_sqrt(a);
    case Elementwise::reciprocal:
      return 1 / a;
    case Elementwise::exp:
      return __builtin_exp(a);
    case Elementwise::log:
      return __builtin_log(a);
    case Elementwise::tanh:
      return __builtin_tanh(a);
    case Elementwise::rsqrt:
      return 1 / __builtin_sqrt(a);
    case Elementwise::round:
      return __builtin_rint(a);
    case Elementwise::atan2:
      return __builtin_atan2(a, b);
    case Elementwise::sin:
      return __builtin_sin(a);
    case Elementwise::cos:
      return __builtin_cos(a);
    case Elementwise::tan:
      return __builtin_tan(a);
    case Elementwise::asin:
      return __builtin_asin(a);
    case Elementwise::acos:
      return __builtin_acos(a);
    case Elementwise::atan:
      return __builtin_atan(a);
    case Elementwise::sinh:
      return __builtin_sinh(a);
    case Elementwise::cosh:
      return __builtin_cosh(a);
    case Elementwise::asinh:
      return __builtin_asinh(a);
    case Elementwise::acosh:
      return __builtin_acosh(a);
    case Elementwise::atanh:
      return __builtin_atanh(a);
    case Elementwise::expm1:
      return __builtin_expm1(a);
    case Elementwise::log1p:
      return __builtin_log1p(a);
    case Elementwise::exp2:
      return __builtin_exp2(a);
    case Elementwise::log2:
      return __builtin_log2(a);
    case Elementwise::log10:
      return __builtin_log10(a);
    case Elementwise::erf:
      return __builtin_erf(a);
    case Elementwise::erfc:
      return __builtin_erfc(a);
    case Elementwise::floor:
      return __builtin_floor(a);
    case Elementwise::ceil:
      return __builtin_ceil(a);
    case Elementwise::trunc:
      return __builtin_trunc(a);
    case Elementwise::sigmoid:
      return a < 0 ? __builtin_exp(a) / (1 + __builtin_exp(a)) : 1 / (1 + __builtin_exp(-a));
    default:
      return arithmetic<kKernel>(a, b);
  }
}

template <Elementwise kKernel>
bool test(double a, double b) {
  switch (kKernel) {
    case Elementwise::equal:
      return a == b;
    case Elementwise::not_equal:
      return a != b;
    case Elementwise::less:
      return a < b;
    case Elementwise::less_equal:
      return a <= b;
    case Elementwise::greater:
      return a > b;
    case Elementwise::greater_equal:
      return a >= b;
    case Elementwise::logical_and:
      return a != 0 && b != 0;
    case Elementwise::logical_or:
      return a != 0 || b != 0;
    case Elementwise::logical_not:
      return a == 0;
    case Elementwise::is_finite:
      return !is_nan(a) && __builtin_fabs(a) != __builtin_huge_val();
    case Elementwise::to_bool:
      return a != 0;
    default:
      return false;
  }
}

template <typename Y, typename T>
Y converted(T x) {
  if constexpr (kDType<T> == DType::boolean) return x != 0 ? Y(1) : Y(0);
  if constexpr (kDType<Y> == DType::int32 && kIsFloating<T>) {
    if (is_nan(x)) return 0;
    if (x <= -2147483648.0) return INT32_MIN;
    if (x >= 2147483647.0) return INT32_MAX;
  }
  return static_cast<Y>(x);
}

// --- loops ---------------------------------------------------------------------------------------

template <Elementwise kKernel, typename T>
void keep_dtype(int64_t n, const void* const* in, const int64_t* strides, void* out) {
  const T* a = static_cast<const T*>(in[0]);
  T* y = static_cast<T*>(out);
  for (int64_t i = 0; i < n; ++i) {
    const Wide<T> first = a[i * strides[0]];
    Wide<T> second = 0;
    constexpr bool kTwo = kKernel == Elementwise::add || kKernel == Elementwise::sub ||
                          kKernel == Elementwise::mul || kKernel == Elementwise::div ||
                          kKernel == Elementwise::pow || kKernel == Elementwise::atan2 ||
                          kKernel == Elementwise::maximum || kKernel == Elementwise::minimum;
    if constexpr (kTwo) second = static_cast<const T*>(in[1])[i * strides[1]];
    if constexpr (kIsFloating<T>) {
      y[i] = narrow<T>(function<kKernel>(first, second));
    } else {
      y[i] = narrow<T>(arithmetic<kKernel>(first, second));
    }
  }
}

template <Elementwise kKernel, typename T, int kArity>
void give_boolean(int64_t n, const void* const* in, const int64_t* strides, void* out) {
  const T* a = static_cast<const T*>(in[0]);
  const T* b = static_cast<const T*>(in[kArity - 1]);
  uint8_t* y = static_cast<uint8_t*>(out);
  for (int64_t i = 0; i < n; ++i) {
    const double left = converted<double>(a[i * strides[0]]);
    const double right = converted<double>(b[i * strides[kArity - 1]]);
    y[i] = test<kKernel>(left, right) ? 1 : 0;
  }
}

template <typename Y, typename T>
void convert(int64_t n, const void* const* in, const int64_t* strides, void* out) {
  for (int64_t i = 0; i < n; ++i) {
    static_cast<Y*>(out)[i] = converted<Y>(static_cast<const T*>(in[0])[i * strides[0]]);
  }
}

template <typename T>
void where(int64_t n, const void* const* in, const int64_t* strides, void* out) {
  for (int64_t i = 0; i < n; ++i) {
    const bool condition = static_cast<const uint8_t*>(in[0])[i * strides[0]] != 0;
    const int chosen = condition ? 1 : 2;
    static_cast<T*>(out)[i] = static_cast<const T*>(in[chosen])[i * strides[chosen]];
  }
}

// --- the table -----------------------------------------------------------------------------------

template <Elementwise kKernel, typename... T>
void add_keep(Table& table) {
  ((table.elementwise[kKernel][kDType<T>] = keep_dtype<kKernel, T>), ...);
}

template <Elementwise kKernel, int kArity, typename... T>
void add_test(Table& table) {
  ((table.elementwise[kKernel][kDType<T>] = give_boolean<kKernel, T, kArity>), ...);
}

template <typename T>
void add_convert(Table& table) {
  table.elementwise[Elementwise::to_float32][kDType<T>] = convert<float, T>;
  table.elementwise[Elementwise::to_float64][kDType<T>] = convert<double, T>;
  table.elementwise[Elementwise::to_int32][kDType<T>] = convert<int32_t, T>;
  table.elementwise[Elementwise::where][kDType<T>] = where<T>;
}

}  // namespace

void add_elementwise(Table& table) {
  using E = Elementwise;
  add_keep<E::add, float, double, int32_t>(table);
  add_keep<E::sub, float, double, int32_t>(table);
  add_keep<E::mul, float, double, int32_t>(table);
  add_keep<E::div, float, double>(table);
  add_keep<E::pow, float, double>(table);
  add_keep<E::sin, float, double>(table);
  add_keep<E::cos, float, double>(table);
  add_keep<E::tan, float, double>(table);
  add_keep<E::asin, float, double>(table);
  add_keep<E::acos, float, double>(table);
  add_keep<E::atan, float, double>(table);
  add_keep<E::sinh, float, double>(table);
  add_keep<E::cosh, float, double>(table);
  add_keep<E::asinh, float, double>(table);
  add_keep<E::acosh, float, double>(table);
  add_keep<E::atanh, float, double>(table);
  add_keep<E::expm1, float, double>(table);
  add_keep<E::log1p, float, double>(table);
  add_keep<E::exp2, float, double>(table);
  add_keep<E::log2, float, double>(table);
  add_keep<E::log10, float, double>(table);
  add_keep<E::erf, float, double>(table);
  add_keep<E::erfc, float, double>(table);
  add_keep<E::rsqrt, float, double>(table);
  add_keep<E::floor, float, double>(table);
  add_keep<E::ceil, float, double>(table);
  add_keep<E::round, float, double>(table);
  add_keep<E::trunc, float, double>(table);
  add_keep<E::atan2, float, double>(table);
  add_keep<E::maximum, float, double, int32_t>(table);
  add_keep<E::minimum, float, double, int32_t>(table);
  add_keep<E::copy, float, double, int32_t, uint8_t>(table);
  add_keep<E::neg, float, double, int32_t>(table);
  add_keep<E::abs, float, double, int32_t>(table);
  add_keep<E::sign, float, double, int32_t>(table);
  add_keep<E::square, float, double, int32_t>(table);
  add_keep<E::sqrt, float, double>(table);
  add_keep<E::reciprocal, float, double>(table);
  add_keep<E::exp, float, double>(table);
  add_keep<E::log, float, double>(table);
  add_keep<E::tanh, float, double>(table);
  add_keep<E::sigmoid, float, double>(table);
  add_keep<E::relu, float, double, int32_t>(table);
  add_keep<E::heaviside, float, double, int32_t>(table);

  add_test<E::equal, 2, float, double, int32_t, uint8_t>(table);
  add_test<E::not_equal, 2, float, double, int32_t, uint8_t>(table);
  add_test<E::less, 2, float, double, int32_t, uint8_t>(table);
  add_test<E::less_equal, 2, float, double, int32_t, uint8_t>(table);
  add_test<E::greater, 2, float, double, int32_t, uint8_t>(table);
  add_test<E::greater_equal, 2, float, double, int32_t, uint8_t>(table);
  add_test<E::logical_and, 2, uint8_t>(table);
  add_test<E::logical_or, 2, uint8_t>(table);
  add_test<E::logical_not, 1, uint8_t>(table);
  add_test<E::is_finite, 1, float, double, int32_t, uint8_t>(table);
  add_test<E::to_bool, 1, float, double, int32_t, uint8_t>(table);

  add_convert<float>(table);
  add_convert<double>(table);
  add_convert<int32_t>(table);
  add_convert<uint8_t>(table);
}

}  // namespace thalweg::THALWEG_ISA
