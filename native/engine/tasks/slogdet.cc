#include <algorithm>
#include <cmath>
#include <limits>

#include "linear-algebra.h"
#include "matrix-stack.h"

namespace thalweg {
namespace {

using describing::kSlogdet;

template <typename T>
class SlogdetTask final : public StackTask<T> {
 public:
  const T* a;
  T* y;

 private:
  int64_t elements_of_one() const override { return this->n * this->n; }

  int64_t one(int64_t s, T* elements, void* scratch) const override {
    const int64_t n = this->n;
    std::copy_n(a + s * n * n, n * n, elements);
    T sign = 1;
    T sum = 0;
    const Part<T> lu{elements, n};
    if (this->factorise(lu, scratch, [&](int64_t, int64_t) { sign = -sign; }) >= 0) {
      sign = 0;
      sum = -std::numeric_limits<T>::infinity();
    } else {
      for (int64_t i = 0; i < n; ++i) {
        if (lu[i][i] < 0) sign = -sign;
        sum += std::log(std::abs(lu[i][i]));
      }
    }
    y[2 * s] = sign;
    y[2 * s + 1] = sum;
    return -1;
  }
};

}  // namespace

double slogdet_flops(const Operands& operands) {
  const Named<kSlogdet> named(operands);
  return stack_flops(named.size("S"), power(named.size("n"), 3) * (2.0 / 3));
}

Task* prepare_slogdet(const Operands& operands, const Table& table, TaskStore& store) {
  return with_matmul(operands, table, [&]<typename T>(const MatmulKernel<T>& kernel) -> Task* {
    const Named<kSlogdet> named(operands);
    auto* task = make_stack<SlogdetTask>(named, kernel, store);
    task->a = named.template read<T>("a", elements_of(*task, operands, task->n));
    task->y = named.template write<T>("y", operands.product(task->count, 2));
    task->nanoseconds = stack_nanoseconds(*task, Cost::lu, power(task->n, 3) / 3);
    return task->count == 0 ? nullptr : task;
  });
}

}  // namespace thalweg
