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
  static constexpr size_t kFactors = describing::kSgdProduct.operand("a");  // b follows it
  static_assert(describing::kAdamProduct.operand("a") == kFactors);

  Kernels<Call> kernels;
  SampledProduct<T> factors;
  Parameter<Call> parameter;

  bool can_read_samples(size_t operand, int64_t batch) const override {
    return operand >= kFactors && factors.can_read(operand - kFactors, batch);
  }
  void read_samples(size_t operand, const Samples& from) override { factors.read(operand - kFactors, from); }

  bool writes_gradient() const {
    return kernels.product == nullptr || !factors.kernel.own || factors.call.K > kSinkDepth<T>;
  }

  int64_t scratch_bytes(int32_t threads) const override {
    static constexpr TileSink<T> kUses = {};
    MatmulCallOf<T> product = factors.call;
    if (!writes_gradient()) product.sink = &kUses;
    return gradient_bytes() + factors.kernel.scratch_of(product, threads);
  }

  void run(const Team& team, void* scratch, Failure) const override {
    Call call = ready(parameter);
    MatmulCallOf<T> product = factors.located(team.rank);
    product.scratch = static_cast<std::byte*>(scratch) + gradient_bytes();
    if (!writes_gradient()) return kernels.product(call, product, factors.kernel.run, team);
    product.c = static_cast<T*>(scratch);
    factors.kernel.run(product, team);
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

template <const Layout& L, typename Call, typename T>
Task* prepare(const Operands& operands, const MatmulKernel<T>& kernel, const Kernels<Call>& kernels,
              TaskStore& store) {
  const Named<L> named(operands);
  auto* task = store.make<UpdateProductTask<T, Call>>();
  task->kernels = kernels;
  task->factors.kernel = kernel;
  MatmulCallOf<T>& call = task->factors.call;
  Parameter<Call>& parameter = task->parameter;
  read_sizes(named, call);
  call.alpha = static_cast<T>(named.number("alpha"));
  read_settings(named, parameter.call);
  parameter.n = operands.product(call.M, call.N);
  call.a = named.template read<T>("a", operands.product(call.M, call.K));
  call.b = named.template read<T>("b", operands.product(call.K, call.N));
  read_parameter(named, 0, parameter);
  if (parameter.n == 0) return nullptr;
  task->has_barriers = task->writes_gradient();
  task->nanoseconds = product_nanoseconds(operands.dtype(), parameter.n, call.K) +
                      nanoseconds_of(kUpdateCost<Call>, operands.dtype(), parameter.n);
  share_pieces(call, task->nanoseconds, store);
  return task;
}

template <const Layout& L>
double product_flops(const Operands& operands) {
  const Named<L> named(operands);
  const double weights = static_cast<double>(named.size("M")) * static_cast<double>(named.size("N"));
  return weights * (2 * static_cast<double>(named.size("K")) + flops_of_update(named));
}

}  // namespace

double sgd_product_flops(const Operands& operands) {
  return product_flops<describing::kSgdProduct>(operands);
}

double adam_product_flops(const Operands& operands) {
  return product_flops<describing::kAdamProduct>(operands);
}

Task* prepare_sgd_product(const Operands& operands, const Table& table, TaskStore& store) {
  return with_matmul(operands, table, [&]<typename T>(const MatmulKernel<T>& kernel) {
    const Kernels<SgdCall<T>> kernels = {table.sgd.of<T>(), table.sgd_product.of<T>()};
    return prepare<describing::kSgdProduct>(operands, kernel, kernels, store);
  });
}

Task* prepare_adam_product(const Operands& operands, const Table& table, TaskStore& store) {
  return with_matmul(operands, table, [&]<typename T>(const MatmulKernel<T>& kernel) {
    const Kernels<AdamCall<T>> kernels = {table.adam.of<T>(), table.adam_product.of<T>()};
    return prepare<describing::kAdamProduct>(operands, kernel, kernels, store);
  });
}

}  // namespace thalweg
