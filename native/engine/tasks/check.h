// Fails where an element of x is NaN or infinite.
#pragma once

#include <array>

#include "../description.h"

namespace thalweg {

Task* prepare_check_finite(const Operands&, const Table&, TaskStore&);

namespace describing {
// who: a number that says who asks.
inline constexpr Layout kCheck = layout({size("who")}, {reads("x")});
}  // namespace describing

inline constexpr std::array kCheckInstructions = {
    Instruction{.name = "check_finite",
                .family = "check",
                .prepare = prepare_check_finite,
                .layout = &describing::kCheck,
                .takes = takes_floats,
                .can_fail = true},
};

}  // namespace thalweg
