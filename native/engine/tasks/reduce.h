// y [outer, inner] = reduction of x [outer, axis, inner] over its middle axis.
#pragma once

#include <array>

#include "../description.h"

namespace thalweg {

Task* prepare_reduce(const Operands&, const Table&, TaskStore&);

namespace describing {

inline constexpr Layout kReduce =
    layout({size("outer"), size("axis"), size("inner")}, {reads("x"), writes("y")});

}  // namespace describing

inline bool has_reduce(const Instruction& self, const Table& table, DType dtype) {
  return table.reduce[static_cast<Reduce>(self.kernel)][dtype] != nullptr;
}

constexpr Instruction describe_reduce(Reduce kernel) {
  return {.name = info_of(kernel).name,
          .family = "reduce",
          .prepare = prepare_reduce,
          .layout = &describing::kReduce,
          .takes = has_reduce,
          .kernel = static_cast<int32_t>(kernel),
          .gives = info_of(kernel).gives};
}

inline constexpr std::array kReduceInstructions = {
#define THALWEG_X(name, ...) describe_reduce(Reduce::name),
    THALWEG_REDUCE(THALWEG_X)
#undef THALWEG_X
};

}  // namespace thalweg
