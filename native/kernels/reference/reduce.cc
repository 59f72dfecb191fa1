// The naive twin of ../reduce.cc: each element of y on its own, straight down the axis.
#include "../reduce.h"

#include "../isa/fill.h"

namespace thalweg::THALWEG_ISA {
namespace {

// Floats are added and multiplied in double; whole numbers modulo 2³².
template <typename T>
struct WideOf {
  using Type = double;
};
template <>
struct WideOf<int32_t> {
  using Type = uint32_t;
};

// y[o, i] = of(axis values of x at [o, ·, i])
template <typename T, typename Y, typename Of>
void reduce(const ReduceCall& c, Of of) {
  for (int64_t o = c.outer_begin; o < c.outer_end; ++o) {
    for (int64_t i = c.inner_begin; i < c.inner_end; ++i) {
      const T* x = static_cast<const T*>(c.x) + o * c.axis * c.inner + i;
      static_cast<Y*>(c.y)[o * c.inner + i] = of([&](int64_t j) { return x[j * c.inner]; });
    }
  }
}

// The first position of the largest or the smallest value, or of a NaN.
template <bool kLargest, typename X>
int64_t position_of(X x, int64_t axis) {
  int64_t best = 0;
  for (int64_t j = 0; j < axis; ++j) {
    if (x(j) != x(j)) return j;
    if (kLargest ? x(j) > x(best) : x(j) < x(best)) best = j;
  }
  return best;
}

template <bool kLargest>
struct Extreme {
  template <typename T>
  static void run(const ReduceCall& c) {
    if (c.axis <= 0) return;
    reduce<T, T>(c, [&](auto x) { return x(position_of<kLargest>(x, c.axis)); });
  }
};

template <bool kLargest>
struct Position {
  template <typename T>
  static void run(const ReduceCall& c) {
    if (c.axis <= 0) return;
    reduce<T, int32_t>(c, [&](auto x) { return static_cast<int32_t>(position_of<kLargest>(x, c.axis)); });
  }
};

// --- the functors, each with the name of its row in ../reduce.h ----------------------------------

namespace op {

struct sum {
  template <typename T>
  static void run(const ReduceCall& c) {
    reduce<T, T>(c, [&](auto x) {
      typename WideOf<T>::Type total = 0;
      for (int64_t j = 0; j < c.axis; ++j) total += static_cast<typename WideOf<T>::Type>(x(j));
      return static_cast<T>(total);
    });
  }
};

struct prod {
  template <typename T>
  static void run(const ReduceCall& c) {
    reduce<T, T>(c, [&](auto x) {
      typename WideOf<T>::Type total = 1;
      for (int64_t j = 0; j < c.axis; ++j) total *= static_cast<typename WideOf<T>::Type>(x(j));
      return static_cast<T>(total);
    });
  }
};

struct amax : Extreme<true> {};
struct amin : Extreme<false> {};
struct argmax : Position<true> {};
struct argmin : Position<false> {};

struct any {
  template <typename T>
  static void run(const ReduceCall& c) {
    reduce<T, uint8_t>(c, [&](auto x) -> uint8_t {
      for (int64_t j = 0; j < c.axis; ++j) {
        if (x(j) != 0) return 1;
      }
      return 0;
    });
  }
};

struct all {
  template <typename T>
  static void run(const ReduceCall& c) {
    reduce<T, uint8_t>(c, [&](auto x) -> uint8_t {
      for (int64_t j = 0; j < c.axis; ++j) {
        if (x(j) == 0) return 0;
      }
      return 1;
    });
  }
};

struct count_nonzero {
  template <typename T>
  static void run(const ReduceCall& c) {
    reduce<T, int32_t>(c, [&](auto x) {
      int32_t count = 0;
      for (int64_t j = 0; j < c.axis; ++j) {
        if (x(j) != 0) ++count;
      }
      return count;
    });
  }
};

}  // namespace op
}  // namespace

void add_reduce(Table& table) {
#define THALWEG_X(name, ...) add_member<op::name, Reduce::name>(table.reduce);
  THALWEG_REDUCE(THALWEG_X)
#undef THALWEG_X
}

}  // namespace thalweg::THALWEG_ISA
