// y [outer, inner] = reduction of x [outer, axis, inner] over its middle axis.
#pragma once

#include <array>

#include "../description.h"

namespace thalweg {

Task* prepare_reduce(const Operands&, const Table&, TaskStore&);

namespace describing {

inline constexpr Layout kReduce =
    layout({size("outer"), size("axis"), size("inner")}, {reads("x"), writes("y")});

constexpr Gives given_by(Reduce kernel) {
  if (kernel == Reduce::argmax || kernel == Reduce::argmin) return Gives::int32;
  if (kernel == Reduce::any || kernel == Reduce::all) return Gives::boolean;
  return Gives::same;
}

}  // namespace describing

inline bool has_reduce(const Instruction& self, const Table& table, DType dtype) {
  return table.reduce[static_cast<Reduce>(self.kernel)][dtype] != nullptr;
}

constexpr Instruction describe_reduce(const char* name, Reduce kernel) {
  return {.name = name,
          .family = "reduce",
          .prepare = prepare_reduce,
          .layout = &describing::kReduce,
          .takes = has_reduce,
          .kernel = static_cast<int32_t>(kernel),
          .gives = describing::given_by(kernel)};
}

inline constexpr std::array kReduceInstructions = {
#define THALWEG_X(name) describe_reduce(#name, Reduce::name),
    THALWEG_REDUCE(THALWEG_X)
#undef THALWEG_X
};

}  // namespace thalweg
