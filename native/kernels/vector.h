// Vectors as wide as those of the instruction set, by the compiler's own extension: for sums whose
// order must not depend on what the vectoriser makes of a loop (alignment, unrolling).
#pragma once

#include <stdint.h>

namespace thalweg {

#if defined(__AVX512F__)
constexpr int64_t kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int64_t kVectorBytes = 32;
#else
constexpr int64_t kVectorBytes = 16;
#endif

template <typename T>
constexpr int64_t kLanes = kVectorBytes / static_cast<int64_t>(sizeof(T));

template <typename T>
struct VectorOf {
  typedef T Type __attribute__((vector_size(kVectorBytes)));
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

template <typename T>
static inline __attribute__((always_inline)) void store(T* to, Vector<T> v) {
  __builtin_memcpy(to, &v, sizeof(v));
}

// The same number or vector, in a register, of which a compiler knows nothing more: neither where it was
// loaded from, so that it would load it again for each use, nor that it is a product, which it might take
// into a sum.
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

}  // namespace thalweg
