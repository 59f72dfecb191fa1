// Random tensors from (seed, counter); each four elements take one step of the counter.
//
// The state is the seed's low and high 32 bits and the counter. Whoever draws moves the counter on.
#pragma once

#include <array>

#include "../description.h"

namespace thalweg {

Task* prepare_uniform(const Operands&, const Table&, TaskStore&);
Task* prepare_normal(const Operands&, const Table&, TaskStore&);
Task* prepare_permutation(const Operands&, const Table&, TaskStore&);

inline bool takes_int32(const Instruction&, const Table&, DType dtype) { return dtype == DType::int32; }

namespace describing {
// state [3]; y [n], from `offset` steps of the counter after the state's.
inline constexpr Layout kUniform = layout({size("n"), number("low"), number("high"), size("offset")},
                                          {reads("state", Elements::float64), writes("y", Elements::own)});
inline constexpr Layout kNormal = layout({size("n"), number("mean"), number("std"), size("offset")},
                                         {reads("state", Elements::float64), writes("y", Elements::own)});
inline constexpr Layout kPermutation =
    layout({size("n"), size("offset")}, {reads("state", Elements::float64), writes("y", Elements::own)});
}  // namespace describing

inline constexpr std::array kRandomInstructions = {
    Instruction{.name = "uniform",
                .family = "random",
                .prepare = prepare_uniform,
                .layout = &describing::kUniform,
                .takes = takes_floats,
                .flops_an_element = 0},
    Instruction{.name = "normal",
                .family = "random",
                .prepare = prepare_normal,
                .layout = &describing::kNormal,
                .takes = takes_floats,
                .flops_an_element = 0},
    Instruction{.name = "permutation",
                .family = "random",
                .prepare = prepare_permutation,
                .layout = &describing::kPermutation,
                .takes = takes_int32,
                .division = Division::none,
                .flops_an_element = 0},
};

}  // namespace thalweg
