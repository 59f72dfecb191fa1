// y = the inputs, one after the other along an axis.
#pragma once

#include <array>

#include "../description.h"

namespace thalweg {

Task* prepare_concat(const Operands&, const Table&, TaskStore&);

namespace describing {
// sizes: of each input, the elements in one of `outer` rows.
inline constexpr Layout kConcat = layout({size("count"), size("outer"), list(size("sizes"), "count")},
                                         {list(reads("inputs"), "count"), writes("y")});
}  // namespace describing

inline constexpr std::array kConcatInstructions = {
    Instruction{.name = "concat",
                .family = "concat",
                .prepare = prepare_concat,
                .layout = &describing::kConcat,
                .takes = takes_all,
                .moves = true},
};

}  // namespace thalweg
