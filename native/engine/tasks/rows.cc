#include "rows.h"

#include "../costs.h"
#include "../operands.h"
#include "../task.h"

namespace thalweg {
namespace {

class RowsTask final : public Task {
 public:
  RowsFn kernel;
  int64_t rows, n, element_bytes;
  const std::byte* x;
  std::byte* y;

  void run(const Team& team, void*, Failure) const override {
    const Range mine = share(rows, team);
    const int64_t skip = mine.begin * n * element_bytes;
    kernel(mine.end - mine.begin, n, x + skip, y + skip);
  }
};

}  // namespace

Task* prepare_rows(const Operands& operands, const Table& table, TaskStore& store) {
  const Named<describing::kRows> named(operands);
  auto* task = store.make<RowsTask>();
  task->rows = named.size("rows");
  task->n = named.size("n");
  const int64_t count = operands.product(task->rows, task->n);
  if (count == 0) return nullptr;
  task->x = named.read<std::byte>("x", count);
  task->y = named.write<std::byte>("y", count);
  task->kernel = table.rows[static_cast<Rows>(operands.instruction().kernel)][operands.dtype()];
  task->element_bytes = bytes_of(operands.dtype());
  task->nanoseconds = nanoseconds_of(Cost::softmax, operands.dtype(), count);
  return task;
}

}  // namespace thalweg
