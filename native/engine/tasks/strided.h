// y [shape] = x[offset + Σ i_d · strides_d]: permute, expand, slice, flip.
#pragma once

#include <array>

#include "../description.h"

namespace thalweg {

Task* prepare_strided(const Operands&, const Table&, TaskStore&);

namespace describing {
inline constexpr Layout kStrided =
    layout({size("rank"), list(size("shape"), "rank"), list(integer("strides"), "rank"), size("offset")},
           {reads("x"), writes("y")});
}

inline constexpr std::array kStridedInstructions = {
    Instruction{.name = "strided",
                .family = "strided",
                .prepare = prepare_strided,
                .layout = &describing::kStrided,
                .takes = takes_all,
                .moves = true},
};

}  // namespace thalweg
