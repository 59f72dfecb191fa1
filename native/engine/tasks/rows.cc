// y [rows, n]: a function of each row of x [rows, n].
//
// Parameters: rows, n. Buffers: x, y.
#include "rows.h"

#include "../dtypes.h"
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

Task* prepare_rows(const Instruction& self, Operands& operands, const Table& table, TaskStore& store) {
  auto* task = store.make<RowsTask>();
  task->rows = operands.integer();
  task->n = operands.integer();
  const int64_t count = operands.product(task->rows, task->n);
  if (count == 0) return nullptr;
  const DType dtype = operands.dtype_of_next();
  task->x = static_cast<const std::byte*>(operands.buffer(count, dtype));
  task->y = static_cast<std::byte*>(operands.buffer(count, dtype));
  task->kernel = kernel_of(table.rows[static_cast<Rows>(self.kernel)], dtype, operands);
  task->element_bytes = bytes_of(dtype);
  task->nanoseconds = 2 * static_cast<double>(count);
  return task;
}

}  // namespace thalweg
