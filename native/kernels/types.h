// What every kernel is told. Plain data only: this header is read by sources that are compiled
// once per instruction set, so it must not bring in anything that emits code (isa/README.md says why).
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace thalweg {

// Every dtype: its enumerator, its name in JavaScript and the C++ type of an element. All that is known of
// a dtype follows from its row.
#define THALWEG_DTYPES(X)       \
  X(float32, "float32", float)  \
  X(float64, "float64", double) \
  X(int32, "int32", int32_t)    \
  X(boolean, "bool", uint8_t)

enum class DType : int32_t {
#define THALWEG_X(dtype, name, type) dtype,
  THALWEG_DTYPES(THALWEG_X)
#undef THALWEG_X
      count
};

constexpr int32_t kDTypes = static_cast<int32_t>(DType::count);

// The dtype of a C++ type.
template <typename T>
struct DTypeOf;
#define THALWEG_X(dtype, name, type)              \
  template <>                                     \
  struct DTypeOf<type> {                          \
    static constexpr DType kValue = DType::dtype; \
  };
THALWEG_DTYPES(THALWEG_X)
#undef THALWEG_X
template <typename T>
constexpr DType kDType = DTypeOf<T>::kValue;

// The bytes of one element.
static constexpr int64_t bytes_of(DType dtype) {
  constexpr int64_t kBytes[] = {
#define THALWEG_X(dtype, name, type) sizeof(type),
      THALWEG_DTYPES(THALWEG_X)
#undef THALWEG_X
  };
  return kBytes[static_cast<int32_t>(dtype)];
}

static constexpr const char* name_of(DType dtype) {
  constexpr const char* kNames[] = {
#define THALWEG_X(dtype, name, type) name,
      THALWEG_DTYPES(THALWEG_X)
#undef THALWEG_X
  };
  return kNames[static_cast<int32_t>(dtype)];
}

// One thread's place among those that run a kernel together. Every thread of the team calls the
// kernel with the same arguments and takes its own share of the output.
struct Team {
  int32_t rank = 0;
  int32_t size = 1;
  void (*wait)(void* gate) = nullptr;  // returns once every thread of the team has called it
  void* gate = nullptr;
};

enum class Activation : int32_t { none, relu, tanh, sigmoid };

}  // namespace thalweg
