// Every instruction by name: JavaScript asks for the names once and then speaks in numbers.
#pragma once

#include <span>

#include "../kernels/isa/table.h"
#include "operands.h"
#include "task.h"

namespace thalweg {

struct Instruction;

// Checks the operands and makes the task. Throws Error.
using Prepare = Task* (*)(const Instruction& self, Operands& operands, const Table& table, TaskStore& store);

struct Instruction {
  const char* name;
  Prepare prepare;
  int32_t kernel;  // which one of its family
};

std::span<const Instruction> instructions();

// One a family, in tasks/.
enum class CrossEntropy : int32_t { cost, slope, both };
enum class Update : int32_t { whole, outer };  // by a gradient, or by two vectors whose outer product it is
Task* prepare_adam(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_adam_product(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_argsort(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_chain(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_check_finite(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_cholesky(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_concat(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_cross_entropy(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_cumsum(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_elementwise(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_index(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_matmul(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_matmul_batch(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_permutation(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_random(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_reduce(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_rows(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_sgd(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_sgd_product(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_scatter(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_slogdet(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_solve(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_solve_triangular(const Instruction&, Operands&, const Table&, TaskStore&);
Task* prepare_strided(const Instruction&, Operands&, const Table&, TaskStore&);

}  // namespace thalweg
