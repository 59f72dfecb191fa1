#include "cross-entropy.h"

#include "../costs.h"
#include "../dtypes.h"
#include "../operands.h"
#include "../task.h"

namespace thalweg {
namespace {

template <typename T>
class CrossEntropyTask final : public Task {
 public:
  CrossEntropyFn<T> kernel;
  CrossEntropyCall<T> call;

  void run(const Team& team, void* scratch, Failure failure) const override {
    run_rows(share(rows, team, 16), team, scratch, failure);
  }

  void run_rows(Range mine, const Team&, void*, Failure failure) const override {
    const int64_t bad = kernel(call, mine.begin, mine.end);
    if (bad >= 0) failure.report(bad);
  }

  void explain(int64_t position) const override {
    throw Error("ERR_INDEX", "crossEntropy: label " + std::to_string(call.target[position]) +
                                 " at position " + std::to_string(position) + " is outside [0, " +
                                 std::to_string(call.n) + ")");
  }
};

// The derivative by the loss, and that by the scores.
template <typename In, typename T>
void read_derivatives(const In& named, CrossEntropyTask<T>& task) {
  task.call.dloss = named.template read<T>("d", task.rows);
  task.call.dy = named.template write<T>("dy", task.rows * task.call.n);
}

template <typename T>
Task* prepare(const Operands& operands, const Table& table, TaskStore& store) {
  const Named<describing::kCrossEntropyCost> named(operands);
  auto* task = store.make<CrossEntropyTask<T>>();
  CrossEntropyCall<T>& call = task->call;
  task->rows = named.size("rows");
  call.n = named.size("n");
  if (call.n == 0) operands.fail("ERR_SHAPE", "no scores to choose from");
  const int64_t count = operands.product(task->rows, call.n);
  if (task->rows == 0) return nullptr;
  call.y = named.template read<T>("y", count);
  call.target = named.template read<int32_t>("target", task->rows);
  switch (static_cast<CrossEntropy>(operands.instruction().kernel)) {
    case CrossEntropy::cost:
      call.loss = named.template write<T>("loss", task->rows);
      break;
    case CrossEntropy::derivative:
      read_derivatives(Named<describing::kCrossEntropyDerivative>(operands), *task);
      break;
    case CrossEntropy::both:
      read_derivatives(Named<describing::kCrossEntropyBoth>(operands), *task);
      call.loss = Named<describing::kCrossEntropyBoth>(operands).template write<T>("loss", task->rows);
      break;
  }
  task->kernel = table.cross_entropy.of<T>();
  task->row_operands = operands.instruction().layout->all_operands();
  task->nanoseconds = nanoseconds_of(Cost::cross_entropy, operands.dtype(), count) +
                      nanoseconds_of(Cost::label, operands.dtype(), task->rows);
  return task;
}

}  // namespace

Task* prepare_cross_entropy(const Operands& operands, const Table& table, TaskStore& store) {
  return visit_types<float, double>(operands, operands.dtype(), [&]<typename T>(std::type_identity<T>) {
    return prepare<T>(operands, table, store);
  });
}

}  // namespace thalweg
