// Vectors as wide as those of the instruction set, by the compiler's own extension: for sums whose
// order must not depend on what the vectoriser makes of a loop (alignment, unrolling).
#pragma once

#include <stdint.h>

#include "isa/tuning.h"

namespace thalweg {

template <typename T>
constexpr int64_t kLanes = Tuning::vector_bytes / static_cast<int64_t>(sizeof(T));

template <typename T>
struct VectorOf {
  typedef T Type __attribute__((vector_size(Tuning::vector_bytes)));
};
template <typename T>
using Vector = typename VectorOf<T>::Type;

// A vector from any address.
template <typename T>
static inline __attribute__((always_inline)) Vector<T> load(const T* x) {
  Vector<T> v;
  __builtin_memcpy(&v, x, sizeof(v));
  return v;
}

// The same number in all lanes. The compiler knows that nothing is subtracted.
template <typename T>
static inline __attribute__((always_inline)) Vector<T> broadcast(T x) {
  return x - Vector<T>{};
}

template <typename T>
static inline __attribute__((always_inline)) void store(T* to, Vector<T> v) {
  __builtin_memcpy(to, &v, sizeof(v));
}

// The same number or vector in a register. The compiler forgets where it was loaded from, so that it does not
// load it again for each use, and that it is a product, so that it does not fuse it into a sum.
template <typename T>
static inline __attribute__((always_inline)) T in_register(T v) {
#if defined(__aarch64__)
  asm("" : "+w"(v));
#elif defined(__AVX512F__)
  asm("" : "+v"(v));
#else
  asm("" : "+x"(v));
#endif
  return v;
}

// sum + x · y, fused, into the register of the sum. Left to itself, a compiler takes another form of the
// instruction here and there, whose result is in the register of a factor, and moves registers about.
template <typename T>
static inline __attribute__((always_inline)) Vector<T> multiply_add(Vector<T> sum, Vector<T> x, Vector<T> y) {
#if defined(__FMA__) && !defined(__AVX512F__)
  if constexpr (sizeof(T) == 4) {
    asm("vfmadd231ps %2, %1, %0" : "+x"(sum) : "x"(x), "x"(y));
  } else {
    asm("vfmadd231pd %2, %1, %0" : "+x"(sum) : "x"(x), "x"(y));
  }
#else
  sum += x * y;
#endif
  return sum;
}

}  // namespace thalweg
