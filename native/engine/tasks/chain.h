// y_k = f_k(values before it) for each op k of a chain of elementwise ops over n elements, block by block:
// what lies between the ops stays in the first-level cache and is not written to memory.
//
// Values are numbered: the inputs, then the result of each op. Of each op there are its instruction, the
// numbers of its inputs, and whether its result is kept. The inputs are of n elements, of one for all, or of
// `period` elements, which come again and again; n is a multiple of it.
#pragma once

#include <array>

#include "../description.h"

namespace thalweg {

Task* prepare_chain(const Operands&, const Table&, TaskStore&);

// One for each op and element.
double chain_flops(const Operands& operands);

namespace describing {
inline constexpr Layout kChain =
    layout({size("n"), size("period"), size("inputs"), size("ops"), list(size("steps"), "rest")},
           {list(reads("inputs", Elements::any), "inputs"), list(writes("results", Elements::any), "rest")});
}

inline constexpr std::array kChainInstructions = {
    Instruction{.name = "chain",
                .family = "chain",
                .prepare = prepare_chain,
                .layout = &describing::kChain,
                .takes = takes_all,
                .sentence = Sentence::chain,
                .flops = chain_flops},
};

}  // namespace thalweg
