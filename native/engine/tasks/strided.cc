#include "strided.h"

#include <cstddef>

#include "../costs.h"
#include "../operands.h"
#include "../task.h"

namespace thalweg {
namespace {

class StridedTask final : public Task {
 public:
  StridedFn kernel;
  StridedCall call;
  int64_t element_bytes;

  // The threads divide as many of the first axes as it takes to have many parts for each.
  void run(const Team& team, void*, Failure) const override {
    int32_t axis = 0;
    int64_t rows = 1;
    while (axis + 1 < call.rank && rows * call.shape[axis] < kManyRows * team.size)
      rows *= call.shape[axis++];
    share_plane(rows, call.shape[axis], 1, team, [&](Range mine, Range part) {
      for (int64_t row = mine.begin; row < mine.end; ++row) run_row(row, axis, part);
    });
  }

 private:
  // The part along `axis`, of all axes before it the row-th.
  void run_row(int64_t row, int32_t axis, Range range) const {
    StridedCall part = call;
    part.rank = call.rank - axis;
    int64_t elements = 1;  // of a row
    for (int32_t d = 0; d < part.rank; ++d) {
      part.shape[d] = call.shape[axis + d];
      part.strides[d] = call.strides[axis + d];
      elements *= part.shape[d];
    }
    part.y = static_cast<std::byte*>(call.y) + row * elements * element_bytes;
    for (int32_t d = axis - 1; d >= 0; --d) {
      part.offset += row % call.shape[d] * call.strides[d];
      row /= call.shape[d];
    }
    part.begin = range.begin;
    part.end = range.end;
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
  task->element_bytes = bytes_of(operands.dtype());
  task->nanoseconds = nanoseconds_of(Cost::stride, operands.dtype(), count);
  return task;
}

}  // namespace thalweg
