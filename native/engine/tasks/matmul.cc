#include "matmul.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "product.h"

namespace thalweg {
namespace {

using describing::kMatmul;

// From here on a product of one sample is one of dot products, however few of them there are.
constexpr int64_t kLongRow = 32;

template <typename T>
class MatmulTask final : public Task {
 public:
  SampledProduct<T> factors;
  const T* addend;
  const double* scale;
  bool by_columns;  // `rows` are those of bᵀ, and so columns of c, which is one row

  bool can_read_samples(size_t operand, int64_t batch) const override {
    return factors.can_read(operand, batch);
  }
  void read_samples(size_t operand, const Samples& from) override { factors.read(operand, from); }

  int64_t scratch_bytes(int32_t threads) const override {
    return std::max(factors.kernel.scratch_of(factors.call, threads),
                    rows == 0 ? 0 : threads * scratch_of_rows(threads));
  }

  // A product of these rows alone: each element is the same sum.
  void run_rows(Range mine, const Team& team, void* scratch, Failure) const override {
    if (mine.begin == mine.end) return;
    MatmulCallOf<T> part = part_of(located(team.rank), mine);
    part.scratch = static_cast<std::byte*>(scratch) + team.rank * scratch_of_rows(team.size);
    factors.kernel.run(part, Team{});
  }

  RowProducts row_products() const override {
    const MatmulCallOf<T>& call = factors.call;
    const bool plain = by_columns && call.b_rows == nullptr && call.alpha == 1 && scale == nullptr;
    return plain ? RowProducts{kDType<T>, call.b, call.K, call.c} : RowProducts{};
  }

  const void* row_factor(int32_t rank) const override {
    const MatmulCallOf<T> ready = located(rank);
    return ready.a + (ready.a_rows == nullptr ? 0 : *ready.a_rows * ready.lda);
  }

  // A product of no terms is added to. It reads no sample: after the last step there may be none.
  void finish_rows(Range mine, void* scratch) const override {
    MatmulCallOf<T> part = part_of(factors.call, mine);
    part.a_rows = nullptr;
    part.K = 0;
    part.beta = 1;
    part.scratch = scratch;
    factors.kernel.run(part, Team{});
  }

  void run(const Team& team, void* scratch, Failure) const override {
    if (addend != nullptr) {
      const MatmulCallOf<T>& call = factors.call;
      const Range rows = share(call.M, team);
      if (rows.end > rows.begin && call.N > 0) {
        std::memcpy(call.c + rows.begin * call.N, addend + rows.begin * call.N,
                    static_cast<size_t>((rows.end - rows.begin) * call.N) * sizeof(T));
      }
      barrier(team);
    }
    MatmulCallOf<T> ready = located(team.rank);
    ready.scratch = scratch;
    factors.kernel.run(ready, team);
  }

 private:
  // What is known only while it runs.
  MatmulCallOf<T> located(int32_t rank) const {
    MatmulCallOf<T> ready = factors.located(rank);
    if (scale != nullptr) ready.alpha = static_cast<T>(ready.alpha * *scale);
    return ready;
  }

  MatmulCallOf<T> part_of(MatmulCallOf<T> part, Range mine) const {
    const MatmulCallOf<T>& call = factors.call;
    const int64_t count = mine.end - mine.begin;
    if (by_columns) {
      part.N = count;
      if (part.b_rows == nullptr) part.b += mine.begin * call.ldb;
      if (part.b_rows != nullptr) part.b_rows += mine.begin;
      if (part.bias != nullptr) part.bias += mine.begin;
      part.c += mine.begin;
      if (part.state != nullptr) part.state += mine.begin;
      return part;
    }
    part.M = count;
    if (part.a_rows == nullptr) part.a += mine.begin * call.lda;
    if (part.a_rows != nullptr) part.a_rows += mine.begin;
    part.c += mine.begin * call.ldc;
    if (part.state != nullptr) part.state += mine.begin * call.lds;
    return part;
  }

  int64_t scratch_of_rows(int32_t threads) const {
    const int64_t few = factors.kernel.scratch_of(part_of(factors.call, {0, rows / threads}), 1);
    const int64_t more =
        factors.kernel.scratch_of(part_of(factors.call, {0, (rows + threads - 1) / threads}), 1);
    return (std::max(few, more) + 63) / 64 * 64;
  }
};

template <typename T>
Task* prepare(const Operands& operands, const MatmulKernel<T>& kernel, TaskStore& store) {
  const Named<kMatmul> named(operands);
  auto* task = store.make<MatmulTask<T>>();
  task->factors.kernel = kernel;
  MatmulCallOf<T>& call = task->factors.call;
  read_sizes(named, call);
  call.alpha = static_cast<T>(named.number("alpha"));
  call.beta = static_cast<T>(named.number("beta"));
  call.activation = static_cast<Activation>(named.choice("activation"));
  call.state_activation = static_cast<Activation>(named.choice("stateActivation"));
  const int64_t results = operands.product(call.M, call.N);
  call.a = named.template read<T>("a", operands.product(call.M, call.K));
  call.b = named.template read<T>("b", operands.product(call.K, call.N));
  call.bias = named.template read<T>("bias", call.N);
  task->addend = named.template read<T>("addend", results);
  task->has_barriers = task->addend != nullptr;
  call.c = named.template write<T>("c", results);
  call.state = named.template read<T>("state", results);
  task->scale = named.template read<double>("scale", 1);
  if (results == 0) return nullptr;
  // CBLAS, a single K and a sum into c may round in another way where there are fewer rows.
  const bool divisible = kernel.own && !call.transpose_a && call.beta == 0 && call.K > 1;
  static_assert(kSmallBytes / sizeof(T) <= kFewElements);
  if (divisible && call.K * call.N * static_cast<int64_t>(sizeof(T)) <= kSmallBytes) {
    task->rows = call.M;
    task->row_operands = kMatmul.bits("a", "c", "state");
  } else if (divisible && call.M == 1 && call.transpose_b && call.K >= kLongRow) {
    task->rows = call.N;
    task->row_operands = kMatmul.bits("b", "bias", "c", "state");
    task->by_columns = true;
  }
  task->nanoseconds = product_nanoseconds(operands.dtype(), results, call.K);
  share_pieces(call, task->nanoseconds, store);
  return task;
}

}  // namespace

// Two for each term, one each for the bias, the addend and the activation; a derivative is found and
// multiplied with.
double matmul_flops(const Operands& operands) {
  const Named<kMatmul> named(operands);
  const auto results = static_cast<double>(named.size("M")) * static_cast<double>(named.size("N"));
  const int epilogue = named.has("bias") + (named.number("beta") != 0) + (named.choice("activation") != 0) +
                       2 * named.has("state");
  return results * (2 * static_cast<double>(named.size("K")) + epilogue);
}

Task* prepare_matmul(const Operands& operands, const Table& table, TaskStore& store) {
  return with_matmul(operands, table, [&](const auto& kernel) { return prepare(operands, kernel, store); });
}

}  // namespace thalweg
