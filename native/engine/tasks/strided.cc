#include "strided.h"

#include "../costs.h"
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

Task* prepare_strided(const Operands& operands, const Table& table, TaskStore& store) {
  const Named<describing::kStrided> named(operands);
  auto* task = store.make<StridedTask>();
  StridedCall& call = task->call;
  const int64_t rank = named.size("rank");
  if (rank < 1 || rank > kMaxRank) operands.fail("ERR_SHAPE", "expected 1 to 8 axes");
  call.rank = static_cast<int32_t>(rank);
  int64_t count = 1;
  for (int32_t d = 0; d < call.rank; ++d) {
    call.shape[d] = named.size("shape", d);
    count = operands.product(count, call.shape[d]);
  }
  if (count == 0) return nullptr;
  int64_t lowest = 0;
  int64_t highest = 0;
  for (int32_t d = 0; d < call.rank; ++d) {
    call.strides[d] = named.integer("strides", d);
    const int64_t span = call.strides[d] < 0 ? -operands.product(call.shape[d] - 1, -call.strides[d])
                                             : operands.product(call.shape[d] - 1, call.strides[d]);
    (span < 0 ? lowest : highest) += span;
  }
  call.offset = named.size("offset");
  if (call.offset + lowest < 0) operands.fail("ERR_SHAPE", "reads before the first element");
  call.x = named.read<void>("x", call.offset + highest + 1);
  call.y = named.write<void>("y", count);
  task->kernel = table.strided[operands.dtype()];
  task->nanoseconds = nanoseconds_of(Cost::stride, operands.dtype(), count);
  return task;
}

}  // namespace thalweg
