// The cost −ln softmax(y)_t of rows of scores, its slope, or both in one pass.
//
// Parameters: rows, n. Buffers: y [rows, n], target [rows] int32, then
// cross_entropy: loss [rows]; cross_entropy_slope: d [rows], slope [rows, n];
// cross_entropy_both: d [rows], loss [rows], slope [rows, n].
#include "cross-entropy.h"

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

template <typename T>
Task* prepare(CrossEntropy kind, Operands& operands, CrossEntropyFn<T> kernel, DType dtype,
              TaskStore& store) {
  auto* task = store.make<CrossEntropyTask<T>>();
  CrossEntropyCall<T>& call = task->call;
  task->rows = operands.integer();
  call.n = operands.integer(1);
  const int64_t count = operands.product(task->rows, call.n);
  if (task->rows == 0) return nullptr;
  call.y = static_cast<const T*>(operands.buffer(count, dtype));
  call.target = static_cast<const int32_t*>(operands.buffer(task->rows, DType::int32));
  if (kind != CrossEntropy::cost) call.d = static_cast<const T*>(operands.buffer(task->rows, dtype));
  if (kind != CrossEntropy::slope) call.loss = static_cast<T*>(operands.buffer(task->rows, dtype));
  if (kind != CrossEntropy::cost) call.slope = static_cast<T*>(operands.buffer(count, dtype));
  task->kernel = kernel;
  task->can_fail = true;
  task->row_operands = 0b11111;
  task->nanoseconds = 1.5 * static_cast<double>(count) + 10 * static_cast<double>(task->rows);
  return task;
}

}  // namespace

Task* prepare_cross_entropy(const Instruction& self, Operands& operands, const Table& table,
                            TaskStore& store) {
  const auto kind = static_cast<CrossEntropy>(self.kernel);
  const DType dtype = operands.dtype_of_next();
  return visit_types<float, double>(operands, dtype, [&]<typename T>(std::type_identity<T>) {
    return prepare<T>(kind, operands, table.cross_entropy.of<T>(), dtype, store);
  });
}

}  // namespace thalweg
