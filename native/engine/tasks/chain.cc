// y_k = f_k(values before it) for each op k of a chain of elementwise ops over n elements, block by block:
// what lies between the ops stays in the first-level cache and is not written to memory.
//
// Values are numbered: the I inputs, then the result of each op.
// Parameters: n, I, number of ops; for each op its instruction, the numbers of its inputs, whether its
// result is kept. Buffers: the inputs, of n elements or of one for all; then the results that are kept.
#include "chain.h"

#include "../operands.h"
#include "../registry.h"
#include "../task.h"
#include "elementwise.h"

namespace thalweg {
namespace {

// Elements done at a time: few enough for the first-level cache, and enough that a kernel's call costs
// little beside its work.
constexpr int64_t kLongestBlock = 1024;
constexpr int64_t kShortestBlock = 256;
constexpr int64_t kScratchBytes = 16'384;
// No cache line of any dtype has two threads that write to it.
constexpr int64_t kGrain = 64;

// Where a value is: in an operand's memory, or in the thread's scratch for one block.
struct Place {
  std::byte* data;  // null: in scratch
  int64_t slot;     // which one of scratch
  int64_t bytes;    // of an element, or 0 where one value is for all and nothing moves

  std::byte* address(std::byte* scratch, int64_t slot_bytes, int64_t begin) const {
    return data == nullptr ? scratch + slot * slot_bytes : data + begin * bytes;
  }
};

struct Op {
  ElementwiseFn kernel;
  int32_t inputs;
  Place from[kMaxElementwiseInputs];
  int64_t strides[kMaxElementwiseInputs];
  Place to;
};

class ChainTask final : public Task {
 public:
  int64_t n, ops, block, slots, slot_bytes;
  const Op* op;

  int64_t scratch_bytes(int32_t threads) const override { return threads * slots * slot_bytes; }

  void run(const Team& team, void* shared, Failure) const override {
    auto* scratch = static_cast<std::byte*>(shared) + team.rank * slots * slot_bytes;
    const Range mine = share(n, team, kGrain);
    for (int64_t begin = mine.begin; begin < mine.end; begin += block) {
      const int64_t count = mine.end - begin < block ? mine.end - begin : block;
      for (int64_t k = 0; k < ops; ++k) {
        const Op& it = op[k];
        const void* from[kMaxElementwiseInputs];
        for (int32_t i = 0; i < it.inputs; ++i) from[i] = it.from[i].address(scratch, slot_bytes, begin);
        it.kernel(count, from, it.strides, it.to.address(scratch, slot_bytes, begin));
      }
    }
  }
};

// A value while the chain is made ready.
struct Value {
  Place place;
  DType dtype;
  int64_t stride;    // 0: one element for all
  int64_t last_use;  // the last op that reads it, or −1
};

// Gives out the slots of scratch, each to one value at a time.
class Slots {
 public:
  explicit Slots(bool* taken) : taken_(taken) {}

  int64_t take() {
    int64_t slot = 0;
    while (taken_[slot]) ++slot;
    taken_[slot] = true;
    if (slot >= count_) count_ = slot + 1;
    return slot;
  }
  void give_back(int64_t slot) { taken_[slot] = false; }
  int64_t count() const { return count_; }

 private:
  bool* taken_;
  int64_t count_ = 0;
};

// The inputs' values, from the operands.
void read_inputs(Operands& operands, int64_t n, int64_t inputs, Value* values) {
  for (int64_t i = 0; i < inputs; ++i) {
    const int64_t count = operands.count_of_next() == 1 ? 1 : n;
    Value& value = values[i];
    value.dtype = operands.dtype_of_next();
    value.stride = count == n ? 1 : 0;
    value.place = {static_cast<std::byte*>(operands.buffer(count, value.dtype)), 0,
                   value.stride * bytes_of(value.dtype)};
    value.last_use = -1;
  }
}

struct Step {
  Elementwise kernel;
  int64_t from[kMaxElementwiseInputs];
  bool kept;
};

// What each op is told to do; notes with each value which op reads it last.
void read_steps(Operands& operands, int64_t inputs, int64_t ops, Step* steps, Value* values) {
  const auto known = instructions();
  for (int64_t k = 0; k < ops; ++k) {
    const int64_t id = operands.integer();
    if (id >= static_cast<int64_t>(known.size()) || !is_elementwise(known[id])) {
      operands.fail("ERR_VALUE", "op " + std::to_string(k) + " is not elementwise");
    }
    steps[k].kernel = static_cast<Elementwise>(known[id].kernel);
    for (int32_t i = 0; i < kElementwiseInputs[known[id].kernel]; ++i) {
      const int64_t from = operands.integer();
      if (from >= inputs + k) {
        operands.fail("ERR_VALUE", "op " + std::to_string(k) + " reads a value that is not there yet");
      }
      steps[k].from[i] = from;
      values[from].last_use = k;
    }
    steps[k].kept = operands.flag();
    values[inputs + k].last_use = -1;
  }
}

}  // namespace

Task* prepare_chain(const Instruction&, Operands& operands, const Table& table, TaskStore& store) {
  auto* task = store.make<ChainTask>();
  task->n = operands.integer();
  const int64_t inputs = operands.integer();
  task->ops = operands.integer(1);
  if (inputs > operands.buffers_left()) operands.fail("ERR_SHAPE", "too few buffers");
  if (task->ops > operands.params_left()) operands.fail("ERR_VALUE", "too few parameters");
  if (task->n == 0) return nullptr;

  auto* values = store.array<Value>(static_cast<size_t>(inputs + task->ops));
  auto* steps = store.array<Step>(static_cast<size_t>(task->ops));
  auto* ops = store.array<Op>(static_cast<size_t>(task->ops));
  Slots slots(store.array<bool>(static_cast<size_t>(task->ops)));
  read_inputs(operands, task->n, inputs, values);
  read_steps(operands, inputs, task->ops, steps, values);

  int64_t widest = 1;
  bool any_kept = false;
  for (int64_t k = 0; k < task->ops; ++k) {
    const Step& step = steps[k];
    Op& op = ops[k];
    op.inputs = kElementwiseInputs[static_cast<int32_t>(step.kernel)];
    DType dtypes[kMaxElementwiseInputs];
    for (int32_t i = 0; i < op.inputs; ++i) {
      const Value& from = values[step.from[i]];
      dtypes[i] = from.dtype;
      op.from[i] = from.place;
      op.strides[i] = from.stride;
    }
    const ElementwiseOp chosen =
        elementwise_op(step.kernel, {dtypes, static_cast<size_t>(op.inputs)}, operands, table);
    op.kernel = chosen.kernel;
    task->nanoseconds += chosen.nanoseconds * static_cast<double>(task->n);

    // A kernel may write over an input of the same width: its slot is free before, others after.
    const int64_t width = bytes_of(chosen.result);
    const auto give_back = [&](bool same_width) {
      for (int32_t i = 0; i < op.inputs; ++i) {
        Value& from = values[step.from[i]];
        const bool ends = from.place.data == nullptr && from.last_use == k;
        if (ends && (bytes_of(from.dtype) == width) == same_width) slots.give_back(from.place.slot);
      }
    };
    give_back(true);
    Value& result = values[inputs + k];
    result.dtype = chosen.result;
    result.stride = 1;
    if (step.kept) {
      result.place = {static_cast<std::byte*>(operands.buffer(task->n, result.dtype)), 0, width};
    } else {
      result.place = {nullptr, slots.take(), width};
      if (width > widest) widest = width;
      if (result.last_use < 0) slots.give_back(result.place.slot);
    }
    give_back(false);
    op.to = result.place;
    any_kept = any_kept || step.kept;
  }
  if (!any_kept) return nullptr;

  task->op = ops;
  task->slots = slots.count();
  task->block = kLongestBlock;
  while (task->block > kShortestBlock && task->slots * task->block * widest > kScratchBytes) task->block /= 2;
  task->slot_bytes = task->block * widest;
  return task;
}

}  // namespace thalweg
