#include "registry.h"

namespace thalweg {
namespace {

constexpr Instruction kInstructions[] = {
#define THALWEG_X(name, arity) {#name, prepare_elementwise, static_cast<int32_t>(Elementwise::name)},
    THALWEG_ELEMENTWISE(THALWEG_X)
#undef THALWEG_X
#define THALWEG_X(name) {#name, prepare_reduce, static_cast<int32_t>(Reduce::name)},
        THALWEG_REDUCE(THALWEG_X)
#undef THALWEG_X
            {"softmax", prepare_rows, static_cast<int32_t>(Rows::softmax)},
    {"log_softmax", prepare_rows, static_cast<int32_t>(Rows::log_softmax)},
    {"cross_entropy", prepare_cross_entropy, static_cast<int32_t>(CrossEntropy::cost)},
    {"cross_entropy_slope", prepare_cross_entropy, static_cast<int32_t>(CrossEntropy::slope)},
    {"cross_entropy_both", prepare_cross_entropy, static_cast<int32_t>(CrossEntropy::both)},
    {"index_select", prepare_index, static_cast<int32_t>(Index::select)},
    {"gather", prepare_index, static_cast<int32_t>(Index::gather)},
    {"index_add", prepare_index, static_cast<int32_t>(Index::add_select)},
    {"scatter_add", prepare_index, static_cast<int32_t>(Index::add_gather)},
    {"scatter", prepare_scatter, 0},
    {"strided", prepare_strided, 0},
    {"concat", prepare_concat, 0},
    {"cumsum", prepare_cumsum, 0},
    {"argsort", prepare_argsort, 0},
    {"check_finite", prepare_check_finite, 0},
    {"chain", prepare_chain, 0},
    {"matmul", prepare_matmul, 0},
    {"matmul_batch", prepare_matmul_batch, 0},
    {"cholesky", prepare_cholesky, 0},
    {"solve_triangular", prepare_solve_triangular, 0},
    {"solve", prepare_solve, 0},
    {"slogdet", prepare_slogdet, 0},
    {"uniform", prepare_random, 0},
    {"normal", prepare_random, 1},
    {"permutation", prepare_permutation, 0},
    {"sgd", prepare_sgd, static_cast<int32_t>(Update::whole)},
    {"adam", prepare_adam, static_cast<int32_t>(Update::whole)},
    {"sgd_outer", prepare_sgd, static_cast<int32_t>(Update::outer)},
    {"adam_outer", prepare_adam, static_cast<int32_t>(Update::outer)},
    {"sgd_product", prepare_sgd_product, 0},
    {"adam_product", prepare_adam_product, 0},
};

}  // namespace

std::span<const Instruction> instructions() { return kInstructions; }

}  // namespace thalweg
