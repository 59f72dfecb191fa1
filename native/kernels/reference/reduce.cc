// The naive twin of ../reduce.cc: each element of y on its own, straight down the axis.
#include "../reduce.h"

#include "../isa/namespace.h"

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

template <typename T>
void sum(const ReduceCall& c) {
  reduce<T, T>(c, [&](auto x) {
    typename WideOf<T>::Type total = 0;
    for (int64_t j = 0; j < c.axis; ++j) total += static_cast<typename WideOf<T>::Type>(x(j));
    return static_cast<T>(total);
  });
}

template <typename T>
void product(const ReduceCall& c) {
  reduce<T, T>(c, [&](auto x) {
    typename WideOf<T>::Type total = 1;
    for (int64_t j = 0; j < c.axis; ++j) total *= static_cast<typename WideOf<T>::Type>(x(j));
    return static_cast<T>(total);
  });
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

template <bool kLargest, typename T>
void extreme(const ReduceCall& c) {
  if (c.axis <= 0) return;
  reduce<T, T>(c, [&](auto x) { return x(position_of<kLargest>(x, c.axis)); });
}

template <bool kLargest, typename T>
void position(const ReduceCall& c) {
  if (c.axis <= 0) return;
  reduce<T, int32_t>(c, [&](auto x) { return static_cast<int32_t>(position_of<kLargest>(x, c.axis)); });
}

template <typename T>
void any(const ReduceCall& c) {
  reduce<T, uint8_t>(c, [&](auto x) -> uint8_t {
    for (int64_t j = 0; j < c.axis; ++j) {
      if (x(j) != 0) return 1;
    }
    return 0;
  });
}

template <typename T>
void all(const ReduceCall& c) {
  reduce<T, uint8_t>(c, [&](auto x) -> uint8_t {
    for (int64_t j = 0; j < c.axis; ++j) {
      if (x(j) == 0) return 0;
    }
    return 1;
  });
}

template <typename T>
void add_numbers(Table& table, DType dtype) {
  table.reduce[Reduce::sum][dtype] = sum<T>;
  table.reduce[Reduce::prod][dtype] = product<T>;
  table.reduce[Reduce::amax][dtype] = extreme<true, T>;
  table.reduce[Reduce::amin][dtype] = extreme<false, T>;
  table.reduce[Reduce::argmax][dtype] = position<true, T>;
  table.reduce[Reduce::argmin][dtype] = position<false, T>;
  table.reduce[Reduce::any][dtype] = any<T>;
  table.reduce[Reduce::all][dtype] = all<T>;
}

}  // namespace

void add_reduce(Table& table) {
  add_numbers<float>(table, DType::float32);
  add_numbers<double>(table, DType::float64);
  add_numbers<int32_t>(table, DType::int32);
  table.reduce[Reduce::any][DType::boolean] = any<uint8_t>;
  table.reduce[Reduce::all][DType::boolean] = all<uint8_t>;
}

}  // namespace thalweg::THALWEG_ISA
