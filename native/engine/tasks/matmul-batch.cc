// c_s [M, N] = op(a_s) · op(b_s) for every s < S, c of all one behind the other.
//
// Parameters: S, M, N, K, transpose_a, transpose_b, and whether a and b have one matrix for each s or one
// for all. Buffers: a, b, c.
#include "matmul-batch.h"

#include <algorithm>

#include "product.h"

namespace thalweg {
namespace {

template <typename T>
class MatmulBatchTask final : public Task {
 public:
  Product<T> product;
  MatmulCallOf<T> call;  // the first product
  int64_t count;
  int64_t step_a, step_b;  // elements from one matrix to the next; 0: one for all

  int64_t scratch_bytes(int32_t threads) const override {
    return std::max(threads * scratch_of_one(), product.scratch_of(call, threads));
  }

  // Many products: each thread does its own. Few: all threads do one after the other.
  void run(const Team& team, void* scratch, Failure) const override {
    if (count < team.size) {
      for (int64_t s = 0; s < count; ++s) product.kernel(of_sample(s, scratch), team);
      return;
    }
    const Range mine = share(count, team);
    void* const own = static_cast<std::byte*>(scratch) + team.rank * scratch_of_one();
    for (int64_t s = mine.begin; s < mine.end; ++s) product.kernel(of_sample(s, own), Team{});
  }

 private:
  int64_t scratch_of_one() const { return (product.scratch_of(call, 1) + 63) / 64 * 64; }

  MatmulCallOf<T> of_sample(int64_t s, void* scratch) const {
    MatmulCallOf<T> one = call;
    one.a += s * step_a;
    one.b += s * step_b;
    one.c += s * call.M * call.N;
    one.scratch = scratch;
    return one;
  }
};

template <typename T>
Task* prepare(Operands& operands, const Product<T>& product, TaskStore& store) {
  auto* task = store.make<MatmulBatchTask<T>>();
  MatmulCallOf<T>& call = task->call;
  task->count = operands.integer();
  call.M = operands.integer();
  call.N = operands.integer();
  call.K = operands.integer();
  call.transpose_a = operands.flag();
  call.transpose_b = operands.flag();
  const int64_t size_a = operands.product(call.M, call.K);
  const int64_t size_b = operands.product(call.K, call.N);
  const int64_t size_c = operands.product(call.M, call.N);
  task->step_a = operands.flag() ? size_a : 0;
  task->step_b = operands.flag() ? size_b : 0;
  const auto all = [&](int64_t size, int64_t step) {
    return step == 0 ? size : operands.product(size, task->count);
  };
  call.a = static_cast<const T*>(operands.buffer(all(size_a, task->step_a), product.dtype));
  call.b = static_cast<const T*>(operands.buffer(all(size_b, task->step_b), product.dtype));
  const int64_t results = operands.product(size_c, task->count);
  call.c = static_cast<T*>(operands.buffer(results, product.dtype));
  if (results == 0) return nullptr;
  pack_rows(call, operands);
  call.alpha = 1;
  task->product = product;
  task->nanoseconds = product_nanoseconds<T>(results, call.K);
  return task;
}

}  // namespace

Task* prepare_matmul_batch(const Instruction&, Operands& operands, const Table& table, TaskStore& store) {
  return with_product(operands, table,
                      [&](const auto& product) { return prepare(operands, product, store); });
}

}  // namespace thalweg
