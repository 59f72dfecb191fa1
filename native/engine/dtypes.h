// The one dispatch from a dtype, known when an instruction is prepared, to the C++ type of its elements.
#pragma once

#include <string>
#include <type_traits>

#include "../kernels/types.h"
#include "operands.h"

namespace thalweg {

// use(std::type_identity<T>()) with the type T of the dtype's elements.
template <typename Use>
auto visit_dtype(DType dtype, const Use& use) {
  switch (dtype) {
#define THALWEG_X(name, text, type, kind) \
  case DType::name:                       \
    return use(std::type_identity<type>());
    THALWEG_DTYPES(THALWEG_X)
#undef THALWEG_X
    case DType::count:
      break;
  }
  __builtin_unreachable();
}

[[noreturn]] inline void refuse_dtype(const Operands& operands, DType dtype) {
  operands.fail("ERR_DTYPE", std::string("not defined for ") + name_of(dtype));
}

// The same where only these types are defined. Another dtype is an Error in the operands' name:
//
//   return visit_types<float, double>(operands, dtype, [&]<typename T>(std::type_identity<T>) {
//     return prepare_of<T>(operands, store);
//   });
template <typename... Types, typename Use>
auto visit_types(const Operands& operands, DType dtype, const Use& use) {
  using Result = std::common_type_t<decltype(use(std::type_identity<Types>()))...>;
  return visit_dtype(dtype, [&]<typename T>(std::type_identity<T> type) -> Result {
    if constexpr ((std::is_same_v<T, Types> || ...)) return use(type);
    refuse_dtype(operands, dtype);
  });
}

// The kernel of that dtype, one of a family's. Throws Error where there is none.
template <typename Kernels>
auto kernel_of(const Kernels& kernels, DType dtype, const Operands& operands) {
  const auto kernel = kernels[dtype];
  if (kernel == nullptr) refuse_dtype(operands, dtype);
  return kernel;
}

}  // namespace thalweg
