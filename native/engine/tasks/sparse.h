// Products with a sparse matrix w [rows, columns] whose pattern is fixed, in compressed sparse rows: `starts`
// [rows + 1] says where the entries of each row begin, `index` [entries] in which column each stands. For
// each of `samples` matrices with the same pattern:
//
// sparse_product: values [entries], x [batch, columns] → y [batch, rows] = x·wᵀ + bias. With `order`
// [entries],
//                 entry e has values[order[e]]: the product with a transposed matrix needs no other values.
// sparse_sampled: a [batch, rows], x [batch, columns] → y [entries]: the elements of aᵀ·x where w has
// entries.
#pragma once

#include <array>

#include "../description.h"

namespace thalweg {

Task* prepare_sparse_product(const Operands&, const Table&, TaskStore&);
Task* prepare_sparse_sampled(const Operands&, const Table&, TaskStore&);
double sparse_flops(const Operands& operands);

namespace describing {

inline constexpr Layout kSparseProduct =
    layout({size("samples"), size("batch"), size("rows"), size("columns"), size("entries")},
           {reads("values"), reads("x"), reads("starts", Elements::int32), reads("index", Elements::int32),
            optional(reads("order", Elements::int32)), optional(reads("bias")), writes("y")});

inline constexpr Layout kSparseSampled = layout(
    {size("samples"), size("batch"), size("rows"), size("columns"), size("entries")},
    {reads("a"), reads("x"), reads("starts", Elements::int32), reads("index", Elements::int32), writes("y")});

}  // namespace describing

inline constexpr std::array kSparseInstructions = {
    Instruction{.name = "sparse_product",
                .family = "sparse",
                .prepare = prepare_sparse_product,
                .layout = &describing::kSparseProduct,
                .takes = takes_floats,
                .can_fail = true,
                .flops = sparse_flops},
    Instruction{.name = "sparse_sampled",
                .family = "sparse",
                .prepare = prepare_sparse_sampled,
                .layout = &describing::kSparseSampled,
                .takes = takes_floats,
                .can_fail = true,
                .flops = sparse_flops},
};

}  // namespace thalweg
