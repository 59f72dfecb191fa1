#include "matmul-batch.h"

#include "product.h"

namespace thalweg {
namespace {

using describing::kMatmulBatch;

template <typename T>
class MatmulBatchTask final : public Task {
 public:
  MatmulKernel<T> kernel;
  MatmulCallOf<T> call;  // the first product
  MatmulStack stack;     // 0 elements to the next one: it is one for all

  int64_t scratch_bytes(int32_t threads) const override {
    return threads * scratch_of_one() + kernel.scratch_of(call, threads);
  }

  // Each thread does products of its own. Where there are not many, all threads do one after the other of
  // those that are left over. They do so without barriers: nothing keeps the copies of one product from being
  // overwritten by those of the next.
  void run(const Team& team, void* scratch, Failure) const override {
    const int64_t count = stack.count;
    const bool is_even = count >= kManyRows * team.size || (count > team.size && is_small());
    const int64_t apart = is_even ? count : count / team.size * team.size;
    const Range mine = share(apart, team);
    auto* const own = static_cast<std::byte*>(scratch) + team.rank * scratch_of_one();
    MatmulStack part = stack;
    part.count = mine.end - mine.begin;
    kernel.run_stack(of_sample(mine.begin, own), part);
    auto* const shared = static_cast<std::byte*>(scratch) + team.size * scratch_of_one();
    for (int64_t s = apart; s < count; ++s) kernel.run(of_sample(s, shared), {team.rank, team.size});
  }

 private:
  // Whether dividing a product would take about as long as the product.
  bool is_small() const { return call.M * call.N * call.K < 32'768; }

  int64_t scratch_of_one() const { return (kernel.scratch_of(call, 1) + 63) / 64 * 64; }

  MatmulCallOf<T> of_sample(int64_t s, void* scratch) const {
    MatmulCallOf<T> one = call;
    advance(one, stack, s);
    one.scratch = scratch;
    return one;
  }
};

template <typename T>
Task* prepare(const Operands& operands, const MatmulKernel<T>& kernel, TaskStore& store) {
  const Named<kMatmulBatch> named(operands);
  auto* task = store.make<MatmulBatchTask<T>>();
  task->kernel = kernel;
  MatmulCallOf<T>& call = task->call;
  MatmulStack& stack = task->stack;
  stack.count = named.size("S");
  read_sizes(named, call);
  call.alpha = 1;
  const int64_t size_a = operands.product(call.M, call.K);
  const int64_t size_b = operands.product(call.K, call.N);
  const int64_t size_c = operands.product(call.M, call.N);
  stack.next_a = named.flag("eachA") ? size_a : 0;
  stack.next_b = named.flag("eachB") ? size_b : 0;
  stack.next_bias = named.flag("eachBias") ? call.N : 0;
  const auto all = [&](int64_t size, int64_t step) {
    return step == 0 ? size : operands.product(size, stack.count);
  };
  call.a = named.template read<T>("a", all(size_a, stack.next_a));
  call.b = named.template read<T>("b", all(size_b, stack.next_b));
  call.bias = named.template read<T>("bias", all(call.N, stack.next_bias));
  call.activation = static_cast<Activation>(named.choice("activation"));
  const int64_t results = operands.product(size_c, stack.count);
  call.c = named.template write<T>("c", results);
  task->nanoseconds = product_nanoseconds(operands.dtype(), results, call.K);
  return results == 0 ? nullptr : task;
}

}  // namespace

double matmul_batch_flops(const Operands& operands) {
  const Named<kMatmulBatch> named(operands);
  const double results = static_cast<double>(named.size("S")) * static_cast<double>(named.size("M")) *
                         static_cast<double>(named.size("N"));
  const int epilogue = named.has("bias") + (named.choice("activation") != 0);
  return results * (2 * static_cast<double>(named.size("K")) + epilogue);
}

Task* prepare_matmul_batch(const Operands& operands, const Table& table, TaskStore& store) {
  return with_matmul(operands, table, [&](const auto& kernel) { return prepare(operands, kernel, store); });
}

}  // namespace thalweg
