#include <algorithm>

#include "linear-algebra.h"
#include "matrix-stack.h"

namespace thalweg {
namespace {

using describing::kSolve;
using describing::kSolveTriangular;

template <typename T>
class SolveTriangularTask final : public StackTask<T> {
 public:
  const T* a;
  const T* b;
  T* y;
  bool upper, transpose, unit;

 private:
  int64_t one(int64_t s, T*, void* scratch) const override {
    const int64_t n = this->n;
    const int64_t m = this->m;
    std::copy_n(b + s * n * m, n * m, y + s * n * m);
    this->solve_in_place({a + s * n * n, n}, {y + s * n * m, m}, m, upper, transpose, unit, scratch);
    return -1;
  }
};

template <typename T>
class SolveTask final : public StackTask<T> {
 public:
  const T* a;
  const T* b;
  T* y;

  void explain(int64_t position) const override {
    throw Error("ERR_VALUE", "solve: expected an invertible matrix: " + this->location(position) + " is 0");
  }

 private:
  int64_t elements_of_one() const override { return this->n * this->n; }

  int64_t one(int64_t s, T* elements, void* scratch) const override {
    const int64_t n = this->n;
    const int64_t m = this->m;
    const Part<T> lu{elements, n};
    const Part<T> x{y + s * n * m, m};
    std::copy_n(a + s * n * n, n * n, elements);
    std::copy_n(b + s * n * m, n * m, x.data);
    const int64_t bad =
        this->factorise(lu, scratch, [&](int64_t i, int64_t j) { std::swap_ranges(x[i], x[i] + m, x[j]); });
    if (bad >= 0) return bad;
    this->solve_in_place({elements, n}, x, m, false, false, true, scratch);
    this->solve_in_place({elements, n}, x, m, true, false, false, scratch);
    return -1;
  }
};

}  // namespace

double solve_triangular_flops(const Operands& operands) {
  const Named<kSolveTriangular> named(operands);
  return stack_flops(named.size("S"), power(named.size("n"), 2, named.size("m")));
}

double solve_flops(const Operands& operands) {
  const Named<kSolve> named(operands);
  const int64_t n = named.size("n");
  return stack_flops(named.size("S"), power(n, 3) * (2.0 / 3) + 2 * power(n, 2, named.size("m")));
}

Task* prepare_solve_triangular(const Operands& operands, const Table& table, TaskStore& store) {
  return with_matmul(operands, table, [&]<typename T>(const MatmulKernel<T>& kernel) -> Task* {
    const Named<kSolveTriangular> named(operands);
    auto* task = make_stack<SolveTriangularTask>(named, kernel, store);
    task->m = named.size("m");
    task->upper = named.flag("upper");
    task->transpose = named.flag("transpose");
    task->unit = named.flag("unitDiagonal");
    const int64_t results = elements_of(*task, operands, task->m);
    task->a = named.template read<T>("a", elements_of(*task, operands, task->n));
    task->b = named.template read<T>("b", results);
    task->y = named.template write<T>("y", results);
    task->nanoseconds = stack_nanoseconds(*task, Cost::solve, power(task->n, 2, task->m) / 2);
    return results == 0 ? nullptr : task;
  });
}

Task* prepare_solve(const Operands& operands, const Table& table, TaskStore& store) {
  return with_matmul(operands, table, [&]<typename T>(const MatmulKernel<T>& kernel) -> Task* {
    const Named<kSolve> named(operands);
    auto* task = make_stack<SolveTask>(named, kernel, store);
    task->m = named.size("m");
    const int64_t results = elements_of(*task, operands, task->m);
    task->a = named.template read<T>("a", elements_of(*task, operands, task->n));
    task->b = named.template read<T>("b", results);
    task->y = named.template write<T>("y", results);
    task->nanoseconds =
        stack_nanoseconds(*task, Cost::solve, power(task->n, 3) / 3 + power(task->n, 2, task->m));
    return results == 0 ? nullptr : task;
  });
}

}  // namespace thalweg
