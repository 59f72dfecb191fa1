// c_s [M, N] = activation(op(a_s) · op(b_s) + bias_s) for every s < S, c of all one after the other.
#pragma once

#include <array>

#include "../description.h"

namespace thalweg {

Task* prepare_matmul_batch(const Operands&, const Table&, TaskStore&);
double matmul_batch_flops(const Operands& operands);

namespace describing {
// eachA, eachB, eachBias: whether there is one for each s, or one for all. bias [N], or [S, N].
inline constexpr Layout kMatmulBatch =
    layout({size("S"), size("M"), size("N"), size("K"), flag("transposeA"), flag("transposeB"), flag("eachA"),
            flag("eachB"), flag("eachBias"), activation("activation")},
           {reads("a"), reads("b"), optional(reads("bias")), writes("c")});
}  // namespace describing

inline constexpr std::array kMatmulBatchInstructions = {
    Instruction{.name = "matmul_batch",
                .family = "matmul_batch",
                .prepare = prepare_matmul_batch,
                .layout = &describing::kMatmulBatch,
                .takes = takes_floats,
                .sentence = Sentence::product,
                .flops = matmul_batch_flops},
};

}  // namespace thalweg
