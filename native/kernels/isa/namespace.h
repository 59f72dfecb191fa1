// Each source of native/kernels is compiled once per instruction set, each time into a namespace of
// its own. All else in those sources is in an anonymous namespace and no inline function or template
// has external linkage: the linker could take the AVX-512 copy of one for every caller.
#pragma once

#if !defined(THALWEG_ISA)
#error "compile with -DTHALWEG_ISA=<reference, x86_64_v2, x86_64_v3, x86_64_v4 or neon>"
#endif

#include "table.h"

namespace thalweg::THALWEG_ISA {

// Each fills its family's entries of the table.
void add_cross_entropy(Table& table);
void add_eigh(Table& table);
void add_elementwise(Table& table);
void add_index(Table& table);
void add_matmul(Table& table);
void add_normal(Table& table);
void add_reduce(Table& table);
void add_rows(Table& table);
void add_sparse(Table& table);
void add_strided(Table& table);
void add_update(Table& table);

// The whole table of this instruction set.
void fill_table(Table& table);

}  // namespace thalweg::THALWEG_ISA
