// Fails where an element of x is NaN or infinite.
//
// Parameters: a number that says who asks. Buffers: x.
#include "check.h"

#include "../operands.h"
#include "../task.h"

namespace thalweg {
namespace {

template <typename T>
class CheckFiniteTask final : public Task {
 public:
  int64_t who;
  const T* x;
  int64_t count;

  void run(const Team& team, void*, Failure failure) const override {
    const Range mine = share(count, team);
    for (int64_t i = mine.begin; i < mine.end; ++i) {
      if (x[i] - x[i] == 0) continue;
      return failure.report(i);
    }
  }

  void explain(int64_t position) const override {
    const T value = x[position];
    throw Error("ERR_ANOMALY", std::to_string(who) + " " + std::to_string(position) + " " +
                                   (value != value ? "NaN"
                                    : value > T(0) ? "Infinity"
                                                   : "-Infinity"));
  }
};

template <typename T>
Task* prepare(Operands& operands, DType dtype, TaskStore& store) {
  auto* task = store.make<CheckFiniteTask<T>>();
  task->can_fail = true;
  task->who = operands.integer();
  task->count = operands.count_of_next();
  task->x = static_cast<const T*>(operands.buffer(task->count, dtype));
  task->nanoseconds = static_cast<double>(task->count) / 4;
  return task->count == 0 ? nullptr : task;
}

}  // namespace

Task* prepare_check_finite(const Instruction&, Operands& operands, const Table&, TaskStore& store) {
  const DType dtype = operands.dtype_of_next();
  if (dtype == DType::float32) return prepare<float>(operands, dtype, store);
  if (dtype == DType::float64) return prepare<double>(operands, dtype, store);
  operands.fail("ERR_DTYPE", std::string("not defined for ") + name_of(dtype));
}

}  // namespace thalweg
