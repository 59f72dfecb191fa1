#include "sparse.h"

#include "../costs.h"
#include "../dtypes.h"
#include "../operands.h"
#include "../task.h"

namespace thalweg {
namespace {

// The name of what is out of range, the number there, its position and the limit.
[[noreturn]] void refuse(const char* op, const char* what, int32_t number, int64_t position, int64_t limit) {
  throw Error("ERR_INDEX", std::string(op) + ": " + what + " " + std::to_string(number) + " at position " +
                               std::to_string(position) + " is outside [0, " + std::to_string(limit) + ")");
}

void check_all(const char* op, const char* what, const int32_t* numbers, int64_t count, int64_t limit) {
  for (int64_t i = 0; i < count; ++i) {
    if (numbers[i] < 0 || numbers[i] >= limit) refuse(op, what, numbers[i], i, limit);
  }
}

void check_starts(const char* op, const int32_t* starts, int64_t rows, int64_t entries) {
  for (int64_t i = 0; i <= rows; ++i) {
    const int64_t least = i == 0 ? 0 : starts[i - 1];
    const bool fits = i == 0 ? starts[0] == 0 : starts[i] >= least && starts[i] <= entries;
    if (fits && (i < rows || starts[i] == entries)) continue;
    throw Error("ERR_INDEX", std::string(op) + ": start " + std::to_string(starts[i]) + " at position " +
                                 std::to_string(i) + " is none of " + std::to_string(rows) + " rows with " +
                                 std::to_string(entries) + " entries");
  }
}

template <typename T>
class SparseTask final : public Task {
 public:
  const char* op;
  SparseKernel<T> kernel;
  SparseCall<T> call;  // for the first sample
  int64_t samples;
  int64_t values_of, a_of, x_of, y_of;  // elements of one sample

  int64_t scratch_bytes(int32_t threads) const override {
    return samples == 1 ? kernel.scratch_of(call) : threads * scratch_of_thread();
  }

  // The threads divide the samples or, if there is one, its rows.
  void run(const Team& team, void* scratch, Failure failure) const override {
    if (samples == 1) {
      SparseCall<T> all = call;
      all.scratch = scratch;
      if (!kernel.run(all, team)) failure.report(0);
      return;
    }
    const Range mine = share(samples, team);
    for (int64_t s = mine.begin; s < mine.end; ++s) {
      SparseCall<T> one = call;
      one.scratch = static_cast<std::byte*>(scratch) + team.rank * scratch_of_thread();
      one.values += s * values_of;
      one.a += s * a_of;
      one.x += s * x_of;
      one.y += s * y_of;
      if (!kernel.run(one, Team{})) return failure.report(0);
    }
  }

  void explain(int64_t) const override {
    check_starts(op, call.starts, call.rows, call.entries);
    check_all(op, "index", call.index, call.entries, call.columns);
    if (call.order != nullptr) check_all(op, "order", call.order, call.entries, call.entries);
  }

 private:
  int64_t scratch_of_thread() const { return (kernel.scratch_of(call) + 63) / 64 * 64; }
};

// What both layouts begin with.
template <typename T, const Layout& L>
SparseTask<T>* make(const Operands& operands, const Named<L>& named, TaskStore& store) {
  auto* task = store.make<SparseTask<T>>();
  SparseCall<T>& call = task->call;
  task->op = operands.instruction().name;
  task->samples = named.size("samples");
  call.batch = named.size("batch");
  call.rows = named.size("rows");
  call.columns = named.size("columns");
  call.entries = named.size("entries");
  if (call.entries > INT32_MAX) operands.fail("ERR_SHAPE", "a sparse matrix has less than 2^31 entries");
  // Whatever is computed from the sizes below is less than 2⁶³.
  operands.product(operands.product(call.rows + 1, 1), operands.product(call.batch, 1));
  task->x_of = operands.product(call.batch, call.columns);
  call.x = named.template read<T>("x", operands.product(task->samples, task->x_of));
  call.starts = named.template read<int32_t>("starts", call.rows + 1);
  call.index = named.template read<int32_t>("index", call.entries);
  const int64_t terms = operands.product(task->samples, operands.product(call.batch, call.entries));
  task->nanoseconds =
      nanoseconds_of(Cost::sparse, operands.dtype(), terms) +
      nanoseconds_of(Cost::sparse_entry, operands.dtype(), operands.product(task->samples, call.entries));
  task->has_barriers = task->samples == 1 && call.batch > 1;
  return task;
}

template <typename T>
Task* prepare_product(const Operands& operands, const Table& table, TaskStore& store) {
  const Named<describing::kSparseProduct> named(operands);
  auto* task = make<T>(operands, named, store);
  SparseCall<T>& call = task->call;
  task->values_of = call.entries;
  task->y_of = operands.product(call.batch, call.rows);
  const int64_t results = operands.product(task->samples, task->y_of);
  call.values = named.template read<T>("values", operands.product(task->samples, call.entries));
  call.order = named.template read<int32_t>("order", call.entries);
  call.bias = named.template read<T>("bias", call.rows);
  call.y = named.template write<T>("y", results);
  task->kernel = table.sparse_product.of<T>();
  return results == 0 ? nullptr : task;
}

template <typename T>
Task* prepare_sampled(const Operands& operands, const Table& table, TaskStore& store) {
  const Named<describing::kSparseSampled> named(operands);
  auto* task = make<T>(operands, named, store);
  SparseCall<T>& call = task->call;
  task->a_of = operands.product(call.batch, call.rows);
  task->y_of = call.entries;
  const int64_t results = operands.product(task->samples, call.entries);
  call.a = named.template read<T>("a", operands.product(task->samples, task->a_of));
  call.y = named.template write<T>("y", results);
  task->kernel = table.sparse_sampled.of<T>();
  return results == 0 ? nullptr : task;
}

}  // namespace

// A product and a sum for each entry and sample.
double sparse_flops(const Operands& operands) {
  const Named<describing::kSparseProduct> named(operands);
  return 2 * static_cast<double>(named.size("samples")) * static_cast<double>(named.size("batch")) *
         static_cast<double>(named.size("entries"));
}

Task* prepare_sparse_product(const Operands& operands, const Table& table, TaskStore& store) {
  return visit_types<float, double>(operands, operands.dtype(), [&]<typename T>(std::type_identity<T>) {
    return prepare_product<T>(operands, table, store);
  });
}

Task* prepare_sparse_sampled(const Operands& operands, const Table& table, TaskStore& store) {
  return visit_types<float, double>(operands, operands.dtype(), [&]<typename T>(std::type_identity<T>) {
    return prepare_sampled<T>(operands, table, store);
  });
}

}  // namespace thalweg
