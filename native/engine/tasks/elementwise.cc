// y [shape] = f(inputs), each input broadcast by strides that are 0 or its own.
//
// Parameters: rank, shape, then the strides of each input. Buffers: the inputs, then y.
#include "elementwise.h"

#include "../dtypes.h"
#include "../operands.h"
#include "../task.h"

namespace thalweg {
namespace {

class ElementwiseTask final : public Task {
 public:
  ElementwiseFn kernel;
  int32_t inputs, rank;
  int64_t shape[kMaxRank];
  int64_t strides[kMaxElementwiseInputs][kMaxRank];
  const std::byte* in[kMaxElementwiseInputs];
  int64_t in_bytes[kMaxElementwiseInputs];
  std::byte* out;
  int64_t out_bytes;

  // Rows are runs along the last axis; where there are too few of them, each run is split instead.
  void run(const Team& team, void*, Failure) const override {
    int64_t rows = 1;
    for (int32_t d = 0; d < rank - 1; ++d) rows *= shape[d];
    const int64_t length = shape[rank - 1];
    if (rows >= team.size) {
      const Range mine = share(rows, team);
      for (int64_t r = mine.begin; r < mine.end; ++r) run_row(r, {0, length});
    } else {
      // In whole cache lines of the smallest elements, so that no line has two writers.
      const Range mine = share(length, team, 64);
      for (int64_t r = 0; r < rows; ++r) run_row(r, mine);
    }
  }

 private:
  void run_row(int64_t row, Range part) const {
    const void* from[kMaxElementwiseInputs];
    int64_t steps[kMaxElementwiseInputs];
    for (int32_t i = 0; i < inputs; ++i) {
      int64_t offset = part.begin * strides[i][rank - 1];
      int64_t rest = row;
      for (int32_t d = rank - 2; d >= 0 && rest > 0; --d) {
        offset += rest % shape[d] * strides[i][d];
        rest /= shape[d];
      }
      from[i] = in[i] + offset * in_bytes[i];
      steps[i] = strides[i][rank - 1];
    }
    kernel(part.end - part.begin, from, steps, out + (row * shape[rank - 1] + part.begin) * out_bytes);
  }
};

// Rough cost of one element on one core.
double nanoseconds_an_element(Elementwise kernel) {
  switch (kernel) {
    case Elementwise::pow:
      return 15;
    case Elementwise::exp:
    case Elementwise::log:
    case Elementwise::tanh:
    case Elementwise::sigmoid:
      return 1;
    default:
      return 0.3;
  }
}

}  // namespace

ElementwiseOp elementwise_op(Elementwise kernel, std::span<const DType> inputs, const Operands& operands,
                             const Table& table) {
  const bool is_where = kernel == Elementwise::where;
  if (is_where && inputs[0] != DType::boolean) operands.fail("ERR_DTYPE", "the condition is not bool");
  const DType dtype = inputs.back();
  for (const DType own : inputs.subspan(is_where ? 1 : 0)) {
    if (own == dtype) continue;
    operands.fail("ERR_DTYPE", std::string("inputs are ") + name_of(own) + " and " + name_of(dtype));
  }
  const ElementwiseFn fn = kernel_of(table.elementwise[kernel], dtype, operands);
  return {fn, dtype_given(describing::given_by(kernel), dtype), nanoseconds_an_element(kernel)};
}

Task* prepare_elementwise(const Instruction& self, Operands& operands, const Table& table, TaskStore& store) {
  const auto kernel = static_cast<Elementwise>(self.kernel);
  auto* task = store.make<ElementwiseTask>();
  task->inputs = kElementwiseInputs[self.kernel];
  const int64_t rank = operands.integer(1);
  if (rank > kMaxRank) operands.fail("ERR_SHAPE", "more than 8 axes");
  task->rank = static_cast<int32_t>(rank);
  int64_t count = 1;
  for (int32_t d = 0; d < task->rank; ++d) {
    task->shape[d] = operands.integer();
    count = operands.product(count, task->shape[d]);
  }
  if (count == 0) return nullptr;

  DType dtypes[kMaxElementwiseInputs];
  for (int32_t i = 0; i < task->inputs; ++i) {
    int64_t reach = 1;
    for (int32_t d = 0; d < task->rank; ++d) {
      task->strides[i][d] = operands.integer();
      reach += operands.product(task->shape[d] - 1, task->strides[i][d]);
    }
    if (task->strides[i][task->rank - 1] > 1) operands.fail("ERR_SHAPE", "the last stride is above 1");
    dtypes[i] = operands.dtype_of_next();
    task->in[i] = static_cast<const std::byte*>(operands.buffer(reach, dtypes[i]));
    task->in_bytes[i] = bytes_of(dtypes[i]);
  }
  const ElementwiseOp op =
      elementwise_op(kernel, {dtypes, static_cast<size_t>(task->inputs)}, operands, table);
  task->out = static_cast<std::byte*>(operands.buffer(count, op.result));
  task->out_bytes = bytes_of(op.result);
  task->kernel = op.kernel;
  task->nanoseconds = op.nanoseconds * static_cast<double>(count);
  return task;
}

}  // namespace thalweg
