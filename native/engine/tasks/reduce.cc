#include "reduce.h"

#include "../costs.h"
#include "../operands.h"
#include "../task.h"

namespace thalweg {
namespace {

// A reduction to one number is cut into blocks of this size, whatever the team, so that the result
// has the same bits for any number of threads.
constexpr int64_t kBlock = 1 << 16;

class ReduceTask final : public Task {
 public:
  ReduceFn kernel;
  int64_t outer, axis, inner;
  int64_t element_bytes;
  const std::byte* x;
  void* y;
  ReduceFn combine;  // not null: reduce block by block, then the blocks' results
  int64_t result_bytes;

  int64_t scratch_bytes(int32_t) const override { return combine == nullptr ? 0 : blocks() * result_bytes; }

  void run(const Team& team, void* scratch, Failure) const override {
    if (combine != nullptr) return run_blocks(team, static_cast<std::byte*>(scratch));
    share_plane(outer, inner, 64, team, [&](Range rows, Range columns) {
      kernel({axis, inner, rows.begin, rows.end, columns.begin, columns.end, x, y});
    });
  }

 private:
  int64_t blocks() const { return (axis + kBlock - 1) / kBlock; }

  void run_blocks(const Team& team, std::byte* partial) const {
    const Range mine = share(blocks(), team);
    for (int64_t b = mine.begin; b < mine.end; ++b) {
      const int64_t begin = b * kBlock;
      const int64_t length = begin + kBlock < axis ? kBlock : axis - begin;
      kernel({length, 1, 0, 1, 0, 1, x + begin * element_bytes, partial + b * result_bytes});
    }
    barrier(team);
    if (team.rank == 0) combine({blocks(), 1, 0, 1, 0, 1, partial, y});
  }
};

}  // namespace

Task* prepare_reduce(const Operands& operands, const Table& table, TaskStore& store) {
  const Named<describing::kReduce> named(operands);
  const auto kernel = static_cast<Reduce>(operands.instruction().kernel);
  const DType dtype = operands.dtype();
  const DType result = operands.dtype_given();
  auto* task = store.make<ReduceTask>();
  task->outer = named.size("outer");
  task->axis = named.size("axis");
  task->inner = named.size("inner");
  const int64_t results = operands.product(task->outer, task->inner);
  const int64_t count = operands.product(results, task->axis);
  const ReduceInfo& info = info_of(kernel);
  if (results == 0) return nullptr;
  if (info.empty_axis == EmptyAxis::refused && task->axis == 0)
    operands.fail("ERR_SHAPE", "no elements to choose from");
  if (info.gives == Gives::int32 && task->axis > INT32_MAX)
    operands.fail("ERR_SHAPE", "a position or a count would pass int32");

  task->x = named.read<std::byte>("x", count);
  task->y = named.write<void>("y", results);
  task->kernel = table.reduce[kernel][dtype];
  task->element_bytes = bytes_of(dtype);
  task->result_bytes = bytes_of(result);
  const bool in_blocks = results == 1 && task->axis > kBlock && info.long_axis != LongAxis::whole;
  const Reduce combine = info.long_axis == LongAxis::blocks_summed ? Reduce::sum : kernel;
  task->combine = in_blocks ? table.reduce[combine][result] : nullptr;
  task->has_barriers = in_blocks;
  task->nanoseconds = nanoseconds_of(Cost::reduce, dtype, count);
  return task;
}

}  // namespace thalweg
