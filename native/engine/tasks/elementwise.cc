#include "elementwise.h"

#include "../costs.h"
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

  // Rows are runs along the last axis. They are cut into whole cache lines of the smallest elements, so that
  // few lines have two writers.
  void run(const Team& team, void*, Failure) const override {
    int64_t rows = 1;
    for (int32_t d = 0; d < rank - 1; ++d) rows *= shape[d];
    share_plane(rows, shape[rank - 1], 64, team, [&](Range mine, Range part) {
      for (int64_t r = mine.begin; r < mine.end; ++r) run_row(r, part);
    });
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

Cost cost_of(ElementwiseCost cost) {
  switch (cost) {
    case ElementwiseCost::library:
      return Cost::library;
    case ElementwiseCost::function:
      return Cost::function;
    case ElementwiseCost::arithmetic:
      break;
  }
  return Cost::arithmetic;
}

// Where the layouts for one to three inputs have their parameters and operands.
constexpr size_t kRank = 0;
constexpr size_t kShape = 1;
constexpr size_t kStrides = 2;  // of the first input
static_assert(describing::kWhere.param("rank") == kRank && describing::kWhere.param("shape") == kShape);
static_assert(describing::kWhere.param("stridesB") == kStrides + 2 && describing::kWhere.operand("b") == 2);
static_assert(describing::kTernary.param("stridesC") == kStrides + 2 &&
              describing::kTernary.operand("c") == 2);

}  // namespace

ElementwiseOp elementwise_op(const Instruction& self, std::span<const DType> inputs, const Operands& operands,
                             const Table& table) {
  const auto kernel = static_cast<Elementwise>(self.kernel);
  const DType dtype = inputs.back();
  for (size_t i = 0; i < inputs.size(); ++i) {
    const bool is_boolean = self.layout->operands[i].elements == Elements::boolean;
    const DType expected = is_boolean ? DType::boolean : dtype;
    if (inputs[i] == expected) continue;
    operands.fail("ERR_DTYPE",
                  std::string(self.name) + " of " + name_of(inputs[i]) + ", not " + name_of(expected));
  }
  const ElementwiseInfo& info = info_of(kernel);
  return {kernel_of(table.elementwise[kernel], dtype, operands), dtype_given(info.gives, dtype),
          cost_of(info.cost)};
}

Task* prepare_elementwise(const Operands& operands, const Table& table, TaskStore& store) {
  const auto kernel = static_cast<Elementwise>(operands.instruction().kernel);
  auto* task = store.make<ElementwiseTask>();
  task->inputs = info_of(kernel).inputs;
  const int64_t rank = operands.integer(kRank);
  if (rank < 1 || rank > kMaxRank) operands.fail("ERR_SHAPE", "expected 1 to 8 axes");
  task->rank = static_cast<int32_t>(rank);
  int64_t count = 1;
  for (int32_t d = 0; d < task->rank; ++d) {
    task->shape[d] = operands.integer(kShape, d);
    count = operands.product(count, task->shape[d]);
  }
  if (count == 0) return nullptr;

  for (int32_t i = 0; i < task->inputs; ++i) {
    const auto input = static_cast<size_t>(i);
    int64_t reach = 1;
    for (int32_t d = 0; d < task->rank; ++d) {
      task->strides[i][d] = operands.integer(kStrides + input, d);
      reach += operands.product(task->shape[d] - 1, task->strides[i][d]);
    }
    if (task->strides[i][task->rank - 1] > 1) operands.fail("ERR_SHAPE", "the last stride is above 1");
    task->in[i] = static_cast<const std::byte*>(operands.elements(input, reach));
    task->in_bytes[i] = bytes_of(operands.view(input).dtype);
  }
  task->out = static_cast<std::byte*>(operands.elements(static_cast<size_t>(task->inputs), count));
  task->out_bytes = bytes_of(operands.dtype_given());
  task->kernel = table.elementwise[kernel][operands.dtype()];
  task->nanoseconds = nanoseconds_of(cost_of(info_of(kernel).cost), operands.dtype(), count);
  return task;
}

}  // namespace thalweg
