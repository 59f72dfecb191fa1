// c [M, N] = activation(alpha · scale · op(a) · op(b) + beta · addend + bias) ∘ derivative(state)
// op(x) is x or its transpose. With beta and no addend, c itself is added to.
#pragma once

#include <array>

#include "../description.h"

namespace thalweg {

Task* prepare_matmul(const Operands&, const Table&, TaskStore&);
double matmul_flops(const Operands& operands);

namespace describing {
// bias [N], addend and state [M, N], scale [1].
inline constexpr Layout kMatmul =
    layout({size("M"), size("N"), size("K"), flag("transposeA"), flag("transposeB"), number("alpha"),
            number("beta"), activation("activation"), activation("stateActivation")},
           {reads("a"), reads("b"), optional(reads("bias")), optional(reads("addend")), updates("c"),
            optional(reads("state")), optional(reads("scale", Elements::float64))});
}  // namespace describing

inline constexpr std::array kMatmulInstructions = {
    Instruction{.name = "matmul",
                .family = "matmul",
                .prepare = prepare_matmul,
                .layout = &describing::kMatmul,
                .takes = takes_floats,
                .sentence = Sentence::product,
                .flops = matmul_flops},
};

}  // namespace thalweg
