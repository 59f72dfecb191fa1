// y [shape] = x[offset + Σ i_d · strides_d]: permute, expand, slice, flip.
//
// Parameters: rank, shape, strides, offset. Buffers: x, y.
#include "strided.h"

#include "../operands.h"
#include "../task.h"

namespace thalweg {
namespace {

class StridedTask final : public Task {
 public:
  StridedFn kernel;
  StridedCall call;

  void run(const Team& team, void*, Failure) const override {
    StridedCall part = call;
    const Range mine = share(call.shape[0], team);
    part.begin = mine.begin;
    part.end = mine.end;
    kernel(part);
  }
};

}  // namespace

Task* prepare_strided(const Instruction&, Operands& operands, const Table& table, TaskStore& store) {
  auto* task = store.make<StridedTask>();
  StridedCall& call = task->call;
  const int64_t rank = operands.integer(1);
  if (rank > kMaxRank) operands.fail("ERR_SHAPE", "more than 8 axes");
  call.rank = static_cast<int32_t>(rank);
  int64_t count = 1;
  for (int32_t d = 0; d < call.rank; ++d) {
    call.shape[d] = operands.integer();
    count = operands.product(count, call.shape[d]);
  }
  if (count == 0) return nullptr;
  int64_t lowest = 0;
  int64_t highest = 0;
  for (int32_t d = 0; d < call.rank; ++d) {
    call.strides[d] = operands.signed_integer();
    const int64_t span = call.strides[d] < 0 ? -operands.product(call.shape[d] - 1, -call.strides[d])
                                             : operands.product(call.shape[d] - 1, call.strides[d]);
    (span < 0 ? lowest : highest) += span;
  }
  call.offset = operands.integer();
  if (call.offset + lowest < 0) operands.fail("ERR_SHAPE", "reads before the first element");
  const DType dtype = operands.dtype_of_next();
  call.x = operands.buffer(call.offset + highest + 1, dtype);
  call.y = operands.buffer(count, dtype);
  task->kernel = table.strided[dtype];
  task->nanoseconds = 0.5 * static_cast<double>(count);
  return task;
}

}  // namespace thalweg
