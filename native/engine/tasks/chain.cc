#include "chain.h"

#include <algorithm>

#include "../costs.h"
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

// The first element of a block, and its place in the period.
struct BlockStart {
  int64_t element, in_period;
};

// Where a value lies: in an operand's memory, or in the thread's scratch for one block.
struct Location {
  std::byte* data;  // null: in scratch
  int64_t slot;     // which one of scratch
  int64_t bytes;    // of an element, or 0 where one value is for all and nothing moves
  bool repeats;     // after each period

  std::byte* address(std::byte* scratch, int64_t slot_bytes, const BlockStart& start) const {
    if (data == nullptr) return scratch + slot * slot_bytes;
    return data + (repeats ? start.in_period : start.element) * bytes;
  }
};

struct Op {
  ElementwiseFn kernel;
  int32_t inputs;
  Location from[kMaxElementwiseInputs];
  int64_t strides[kMaxElementwiseInputs];
  Location to;
};

class ChainTask final : public Task {
 public:
  int64_t n, period, ops, block, slots, slot_bytes;
  const Op* op;

  int64_t scratch_bytes(int32_t threads) const override { return threads * slots * slot_bytes; }

  void run(const Team& team, void* shared, Failure) const override {
    auto* scratch = static_cast<std::byte*>(shared) + team.rank * slots * slot_bytes;
    const Range mine = share(n, team, kGrain);
    int64_t count;
    for (int64_t begin = mine.begin; begin < mine.end; begin += count) {
      const BlockStart start = {begin, begin % period};
      count = std::min({block, mine.end - begin, period - start.in_period});
      for (int64_t k = 0; k < ops; ++k) {
        const Op& it = op[k];
        const void* from[kMaxElementwiseInputs];
        for (int32_t i = 0; i < it.inputs; ++i) from[i] = it.from[i].address(scratch, slot_bytes, start);
        it.kernel(count, from, it.strides, it.to.address(scratch, slot_bytes, start));
      }
    }
  }
};

// A value while the chain is made ready.
struct Value {
  Location location;
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

using Chain = Named<describing::kChain>;

// The inputs' values, from the operands.
void read_inputs(const Chain& named, int64_t n, int64_t period, int64_t inputs, Value* values) {
  for (int64_t i = 0; i < inputs; ++i) {
    const View& input = named.view("inputs", i);
    const int64_t count = input.count == 1 || input.count == period ? input.count : n;
    Value& value = values[i];
    value.dtype = input.dtype;
    value.stride = count == n || count == period ? 1 : 0;
    // Nothing is written to an input.
    value.location = {const_cast<std::byte*>(named.read<std::byte>("inputs", count, i)), 0,
                      value.stride * bytes_of(value.dtype), count < n && count == period};
    value.last_use = -1;
  }
}

struct Step {
  const Instruction* op;
  int64_t from[kMaxElementwiseInputs];
  bool kept;
};

// What each op is told to do; notes with each value which op reads it last.
void read_steps(const Chain& named, int64_t inputs, int64_t ops, Step* steps, Value* values) {
  const auto known = instructions();
  const int64_t given = named.params_in("steps");
  int64_t at = 0;
  const auto next = [&] {
    if (at == given) named.fail("ERR_VALUE", "parameter steps[" + std::to_string(at) + "] is missing");
    return named.size("steps", at++);
  };
  for (int64_t k = 0; k < ops; ++k) {
    const int64_t id = next();
    if (id >= static_cast<int64_t>(known.size()) || !is_elementwise(known[id])) {
      named.fail("ERR_VALUE", "op " + std::to_string(k) + " is not elementwise");
    }
    steps[k].op = &known[id];
    for (int32_t i = 0; i < kElementwiseInfo[known[id].kernel].inputs; ++i) {
      const int64_t from = next();
      if (from >= inputs + k) {
        named.fail("ERR_VALUE", "op " + std::to_string(k) + " reads a value that is not there yet");
      }
      steps[k].from[i] = from;
      values[from].last_use = k;
    }
    steps[k].kept = next() != 0;
    values[inputs + k].last_use = -1;
  }
  if (at < given) named.fail("ERR_VALUE", "more parameters than its ops have");
}

// Where the `at`-th result that is kept goes.
std::byte* kept_result(const Chain& named, int64_t n, int64_t at, DType dtype) {
  if (at == named.operands_in("results"))
    named.fail("ERR_SHAPE", "keeps more results than there are operands");
  const View& to = named.view("results", at);
  if (to.dtype != dtype) {
    named.fail("ERR_DTYPE", "operand results[" + std::to_string(at) + "] is " + name_of(to.dtype) + ", not " +
                                name_of(dtype));
  }
  return named.write<std::byte>("results", n, at);
}

}  // namespace

double chain_flops(const Operands& operands) {
  const Chain named(operands);
  return static_cast<double>(named.size("n")) * static_cast<double>(named.size("ops"));
}

Task* prepare_chain(const Operands& operands, const Table& table, TaskStore& store) {
  const Chain named(operands);
  auto* task = store.make<ChainTask>();
  task->n = named.size("n");
  task->period = named.size("period");
  const int64_t inputs = named.size("inputs");
  task->ops = named.size("ops");
  if (task->ops == 0) operands.fail("ERR_VALUE", "no ops");
  if (task->ops > named.params_in("steps")) operands.fail("ERR_VALUE", "too few parameters for its ops");
  if (task->n == 0) return nullptr;
  if (task->period == 0 || task->n % task->period != 0) {
    operands.fail("ERR_SHAPE", "n is not a multiple of the period");
  }

  auto* values = store.array<Value>(static_cast<size_t>(inputs + task->ops));
  auto* steps = store.array<Step>(static_cast<size_t>(task->ops));
  auto* ops = store.array<Op>(static_cast<size_t>(task->ops));
  Slots slots(store.array<bool>(static_cast<size_t>(task->ops)));
  read_inputs(named, task->n, task->period, inputs, values);
  read_steps(named, inputs, task->ops, steps, values);

  int64_t widest = 1;
  int64_t kept = 0;
  for (int64_t k = 0; k < task->ops; ++k) {
    const Step& step = steps[k];
    Op& op = ops[k];
    op.inputs = kElementwiseInfo[step.op->kernel].inputs;
    DType dtypes[kMaxElementwiseInputs];
    for (int32_t i = 0; i < op.inputs; ++i) {
      const Value& from = values[step.from[i]];
      dtypes[i] = from.dtype;
      op.from[i] = from.location;
      op.strides[i] = from.stride;
    }
    const ElementwiseOp chosen =
        elementwise_op(*step.op, {dtypes, static_cast<size_t>(op.inputs)}, operands, table);
    op.kernel = chosen.kernel;
    task->nanoseconds += nanoseconds_of(chosen.cost, dtypes[op.inputs - 1], task->n);

    // A kernel may write over an input of the same width: its slot is free before, others after.
    const int64_t width = bytes_of(chosen.result);
    const auto give_back = [&](bool same_width) {
      for (int32_t i = 0; i < op.inputs; ++i) {
        Value& from = values[step.from[i]];
        const bool ends = from.location.data == nullptr && from.last_use == k;
        if (ends && (bytes_of(from.dtype) == width) == same_width) slots.give_back(from.location.slot);
      }
    };
    give_back(true);
    Value& result = values[inputs + k];
    result.dtype = chosen.result;
    result.stride = 1;
    if (step.kept) {
      result.location = {kept_result(named, task->n, kept++, result.dtype), 0, width, false};
    } else {
      result.location = {nullptr, slots.take(), width, false};
      if (width > widest) widest = width;
      if (result.last_use < 0) slots.give_back(result.location.slot);
    }
    give_back(false);
    op.to = result.location;
  }
  if (kept < named.operands_in("results")) {
    operands.fail("ERR_SHAPE", "keeps fewer results than there are operands");
  }
  if (kept == 0) return nullptr;

  task->op = ops;
  task->slots = slots.count();
  task->block = kLongestBlock;
  while (task->block > kShortestBlock && task->slots * task->block * widest > kScratchBytes) task->block /= 2;
  task->slot_bytes = task->block * widest;
  return task;
}

}  // namespace thalweg
