// Fills a family of the table from the family's list and its functors.
#pragma once

#include "namespace.h"

namespace thalweg::THALWEG_ISA {
namespace {

// family[kMember][dtype] ← Functor::run<T> for each dtype that the member's row names.
template <typename Functor, auto kMember, typename Family>
void add_member(Family& family) {
#define THALWEG_X(dtype, name, type, kind)                         \
  if constexpr (contains(info_of(kMember).dtypes, DType::dtype)) { \
    family[kMember][DType::dtype] = Functor::template run<type>;   \
  }
  THALWEG_DTYPES(THALWEG_X)
#undef THALWEG_X
}

}  // namespace
}  // namespace thalweg::THALWEG_ISA
