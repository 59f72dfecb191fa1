#include <algorithm>

#include "linear-algebra.h"
#include "matrix-stack.h"

namespace thalweg {
namespace {

using describing::kCholesky;

template <typename T>
class CholeskyTask final : public StackTask<T> {
 public:
  const T* x;
  T* l;

  void explain(int64_t position) const override {
    throw Error("ERR_VALUE", "cholesky: expected a positive definite matrix: " + this->location(position) +
                                 " is not above 0");
  }

 private:
  int64_t one(int64_t s, T*, void* scratch) const override {
    const int64_t n = this->n;
    const Part<T> to{l + s * n * n, n};
    for (int64_t i = 0; i < n; ++i) {
      std::copy_n(x + (s * n + i) * n, i + 1, to[i]);
      std::fill(to[i] + i + 1, to[i] + n, T(0));
    }
    for (int64_t begin = 0; begin < n; begin += kBlock) {
      const int64_t end = std::min(begin + kBlock, n);
      const Part<const T> left{to[begin], n};
      this->subtract_product(to.from(begin, begin), left, left, n - begin, end - begin, begin, false, true,
                             scratch);
      for (int64_t i = begin; i < n; ++i) {
        for (int64_t j = begin; j <= i && j < end; ++j) {
          T sum = to[i][j];
          for (int64_t k = begin; k < j; ++k) sum -= to[i][k] * to[j][k];
          if (i == j && !(sum > 0)) return i;
          to[i][j] = i == j ? std::sqrt(sum) : sum / to[j][j];
        }
      }
      for (int64_t i = begin; i < end; ++i) std::fill(to[i] + i + 1, to[i] + end, T(0));
    }
    return -1;
  }
};

}  // namespace

double cholesky_flops(const Operands& operands) {
  const Named<kCholesky> named(operands);
  return stack_flops(named.size("S"), power(named.size("n"), 3) / 3);
}

Task* prepare_cholesky(const Operands& operands, const Table& table, TaskStore& store) {
  return with_matmul(operands, table, [&]<typename T>(const MatmulKernel<T>& kernel) -> Task* {
    const Named<kCholesky> named(operands);
    auto* task = make_stack<CholeskyTask>(named, kernel, store);
    const int64_t all = elements_of(*task, operands, task->n);
    task->x = named.template read<T>("x", all);
    task->l = named.template write<T>("L", all);
    task->nanoseconds = stack_nanoseconds(*task, Cost::cholesky, power(task->n, 3) / 6);
    return all == 0 ? nullptr : task;
  });
}

}  // namespace thalweg
