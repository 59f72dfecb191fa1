#include "check.h"

#include "../costs.h"
#include "../dtypes.h"
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

}  // namespace

Task* prepare_check_finite(const Operands& operands, const Table&, TaskStore& store) {
  return visit_types<float, double>(
      operands, operands.dtype(), [&]<typename T>(std::type_identity<T>) -> Task* {
        const Named<describing::kCheck> named(operands);
        auto* task = store.make<CheckFiniteTask<T>>();
        task->who = named.size("who");
        task->count = named.view("x").count;
        task->x = named.template read<T>("x", task->count);
        task->nanoseconds = nanoseconds_of(Cost::check, operands.dtype(), task->count);
        return task->count == 0 ? nullptr : task;
      });
}

}  // namespace thalweg
