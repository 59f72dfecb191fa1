// What an optimizer does to one parameter w [M, N] whose gradient is a product: dw = alpha · op(a) · op(b).
//
// sgd_product, adam_product: parameters M, N, K, transpose_a, transpose_b, alpha, then the settings;
//       buffers w, a and b instead of dw, and the rest as in update.cc.
// Tiles of dw are used up where they are computed, while they are in the cache. A product of more terms than
// are added up at once, by CBLAS or by the naive kernels is written to scratch memory first.
#include <cstddef>

#include "product.h"
#include "update-call.h"
#include "update.h"

namespace thalweg {
namespace {

template <typename Call>
struct Kernels;

template <typename T>
struct Kernels<SgdCall<T>> {
  SgdFn<T> whole;
  SgdProductFn<T> product;  // null: only whole gradients
};
template <typename T>
struct Kernels<AdamCall<T>> {
  AdamFn<T> whole;
  AdamProductFn<T> product;
};

template <typename T, typename Call>
class UpdateProductTask final : public Task {
 public:
  static constexpr size_t kFactors = 1;  // the operands a and b

  Kernels<Call> kernels;
  SampledProduct<T> factors;
  Parameter<Call> parameter;

  bool can_read_samples(size_t operand, int64_t batch) const override {
    return operand >= kFactors && factors.can_read(operand - kFactors, batch);
  }
  void read_samples(size_t operand, const Samples& from) override { factors.read(operand - kFactors, from); }

  bool writes_gradient() const {
    return kernels.product == nullptr || !factors.product.own || factors.call.K > kDepth<T>;
  }

  int64_t scratch_bytes(int32_t threads) const override {
    return gradient_bytes() + factors.product.scratch_of(factors.call, threads);
  }

  void run(const Team& team, void* scratch, Failure) const override {
    Call call = ready(parameter);
    MatmulCallOf<T> product = factors.located(team.rank);
    product.scratch = static_cast<std::byte*>(scratch) + gradient_bytes();
    if (!writes_gradient()) return kernels.product(call, product, factors.product.kernel, team);
    product.c = static_cast<T*>(scratch);
    factors.product.kernel(product, team);
    barrier(team);
    call.dw = {product.c, nullptr, 0};
    const Range mine = share(parameter.n, team, kGrain);
    if (mine.begin < mine.end) kernels.whole(call, mine.begin, mine.end);
  }

 private:
  int64_t gradient_bytes() const {
    const auto bytes = parameter.n * static_cast<int64_t>(sizeof(T));
    return writes_gradient() ? (bytes + 63) / 64 * 64 : 0;
  }
};

template <typename Call, typename T>
Task* prepare(Operands& operands, const Product<T>& product, const Kernels<Call>& kernels, TaskStore& store) {
  auto* task = store.make<UpdateProductTask<T, Call>>();
  task->kernels = kernels;
  task->factors.product = product;
  MatmulCallOf<T>& call = task->factors.call;
  Parameter<Call>& parameter = task->parameter;
  read_product(operands, call);
  read_settings(operands, parameter.call);
  parameter.n = operands.product(call.M, call.N);
  parameter.call.w = static_cast<T*>(operands.buffer(parameter.n, product.dtype));
  call.a = static_cast<const T*>(operands.buffer(operands.product(call.M, call.K), product.dtype));
  call.b = static_cast<const T*>(operands.buffer(operands.product(call.K, call.N), product.dtype));
  read_rest(operands, product.dtype, parameter);
  if (parameter.n == 0) return nullptr;
  pack_rows(call, operands);
  task->has_barriers = task->writes_gradient();
  task->nanoseconds = product_nanoseconds<T>(parameter.n, call.K) +
                      kUpdateNanoseconds<Call> * static_cast<double>(parameter.n);
  return task;
}

}  // namespace

Task* prepare_sgd_product(const Instruction&, Operands& operands, const Table& table, TaskStore& store) {
  return with_product(operands, table, [&]<typename T>(const Product<T>& product) {
    return prepare<SgdCall<T>>(operands, product, {table.sgd.of<T>(), table.sgd_product.of<T>()}, store);
  });
}

Task* prepare_adam_product(const Instruction&, Operands& operands, const Table& table, TaskStore& store) {
  return with_product(operands, table, [&]<typename T>(const Product<T>& product) {
    return prepare<AdamCall<T>>(operands, product, {table.adam.of<T>(), table.adam_product.of<T>()}, store);
  });
}

}  // namespace thalweg
