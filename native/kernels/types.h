// What every kernel is told. Plain data only: this header is read by sources that are compiled
// once per instruction set, so it must not bring in anything that emits code (isa/README.md says why).
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace thalweg {

// What a dtype holds: numbers with a fraction, whole numbers, or true and false.
enum class DTypeKind : uint8_t { floating, whole, logical };

// Every dtype: its enumerator, its name in JavaScript, the C++ type of an element and its kind. All that is
// known of a dtype follows from its row.
#define THALWEG_DTYPES(X)                 \
  X(float32, "float32", float, floating)  \
  X(float64, "float64", double, floating) \
  X(int32, "int32", int32_t, whole)       \
  X(boolean, "bool", uint8_t, logical)

enum class DType : int32_t {
#define THALWEG_X(dtype, name, type, kind) dtype,
  THALWEG_DTYPES(THALWEG_X)
#undef THALWEG_X
      count
};

constexpr int32_t kDTypes = static_cast<int32_t>(DType::count);

// The dtype of a C++ type.
template <typename T>
struct DTypeOf;
#define THALWEG_X(dtype, name, type, kind)        \
  template <>                                     \
  struct DTypeOf<type> {                          \
    static constexpr DType kValue = DType::dtype; \
  };
THALWEG_DTYPES(THALWEG_X)
#undef THALWEG_X
template <typename T>
constexpr DType kDType = DTypeOf<T>::kValue;

// The type in which elements are added and multiplied: whole numbers without a sign, so that they wrap
// where they overflow.
template <typename T>
struct ModularOf {
  using Type = T;
};
template <>
struct ModularOf<int32_t> {
  using Type = uint32_t;
};
template <typename T>
using Modular = typename ModularOf<T>::Type;

// The bytes of one element.
static constexpr int64_t bytes_of(DType dtype) {
  constexpr int64_t kBytes[] = {
#define THALWEG_X(dtype, name, type, kind) sizeof(type),
      THALWEG_DTYPES(THALWEG_X)
#undef THALWEG_X
  };
  return kBytes[static_cast<int32_t>(dtype)];
}

static constexpr const char* name_of(DType dtype) {
  constexpr const char* kNames[] = {
#define THALWEG_X(dtype, name, type, kind) name,
      THALWEG_DTYPES(THALWEG_X)
#undef THALWEG_X
  };
  return kNames[static_cast<int32_t>(dtype)];
}

static constexpr DTypeKind kind_of(DType dtype) {
  constexpr DTypeKind kKinds[] = {
#define THALWEG_X(dtype, name, type, kind) DTypeKind::kind,
      THALWEG_DTYPES(THALWEG_X)
#undef THALWEG_X
  };
  return kKinds[static_cast<int32_t>(dtype)];
}

// The dtypes for which a kernel is defined.
enum class DTypeSet : uint8_t { floats, numbers, booleans, all };

static constexpr bool contains(DTypeSet set, DType dtype) {
  switch (set) {
    case DTypeSet::floats:
      return kind_of(dtype) == DTypeKind::floating;
    case DTypeSet::numbers:
      return kind_of(dtype) != DTypeKind::logical;
    case DTypeSet::booleans:
      return kind_of(dtype) == DTypeKind::logical;
    case DTypeSet::all:
      break;
  }
  return true;
}

// The dtype of a result: that of the input, or one that is the same for every input.
enum class Gives : uint8_t { same, float32, float64, int32, boolean };

static constexpr DType dtype_given(Gives gives, DType input) {
  switch (gives) {
    case Gives::float32:
      return DType::float32;
    case Gives::float64:
      return DType::float64;
    case Gives::int32:
      return DType::int32;
    case Gives::boolean:
      return DType::boolean;
    case Gives::same:
      break;
  }
  return input;
}

// One thread's place among those that run a kernel together. Every thread of the team calls the
// kernel with the same arguments and takes its own share of the output.
struct Team {
  int32_t rank = 0;
  int32_t size = 1;
  void (*wait)(void* barrier) = nullptr;  // returns once every thread of the team has called it
  void* barrier = nullptr;
  int64_t turn = 0;  // another one each time that it comes to the same call of a kernel
};

// How many pieces of one thread's share of a call are taken, and in which turn of the team: by that thread,
// or by one that has done its own.
struct alignas(64) PiecesTaken {
  int64_t turn_and_count = -1;
};

// Bytes of the caches that one core has for itself: of the third level, its share. The sizes of blocks follow
// from them; a sum does not.
struct Caches {
  int64_t first = 32 << 10;
  int64_t second = 256 << 10;
  int64_t third = 2 << 20;
};

enum class Activation : int32_t { none, relu, tanh, sigmoid };

}  // namespace thalweg
