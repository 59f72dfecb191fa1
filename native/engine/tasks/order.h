// Along the middle axis of x [outer, axis, inner]:
//
// cumsum:      y_i = Σ_{j ≤ i} x_j.
// linear_scan: y_i = a_i · y_{i − 1} + b_i, with y_{−1} = 0.
// argsort:     the positions in the order of the values; equal ones stay in order, NaN is the largest.
#pragma once

#include <array>

#include "../description.h"

namespace thalweg {

Task* prepare_cumsum(const Operands&, const Table&, TaskStore&);
Task* prepare_linear_scan(const Operands&, const Table&, TaskStore&);
Task* prepare_argsort(const Operands&, const Table&, TaskStore&);

namespace describing {
inline constexpr Layout kCumsum =
    layout({size("outer"), size("axis"), size("inner")}, {reads("x"), writes("y")});
inline constexpr Layout kLinearScan =
    layout({size("outer"), size("axis"), size("inner")}, {reads("a"), reads("b"), writes("y")});
inline constexpr Layout kArgsort =
    layout({size("outer"), size("axis"), size("inner"), flag("descending")}, {reads("x"), writes("y")});
}  // namespace describing

inline constexpr std::array kOrderInstructions = {
    Instruction{.name = "cumsum",
                .family = "cumsum",
                .prepare = prepare_cumsum,
                .layout = &describing::kCumsum,
                .takes = takes_numbers},
    Instruction{.name = "linear_scan",
                .family = "linear_scan",
                .prepare = prepare_linear_scan,
                .layout = &describing::kLinearScan,
                .takes = takes_numbers},
    Instruction{.name = "argsort",
                .family = "argsort",
                .prepare = prepare_argsort,
                .layout = &describing::kArgsort,
                .takes = takes_numbers,
                .gives = Gives::int32},
};

}  // namespace thalweg
