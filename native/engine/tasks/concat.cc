// y = the inputs, one behind the other along an axis.
//
// Parameters: G, outer, and of each input the elements in one of `outer` rows. Buffers: the G inputs, y.
#include "concat.h"

#include <cstring>

#include "../operands.h"
#include "../task.h"

namespace thalweg {
namespace {

struct Piece {
  const std::byte* from;
  int64_t bytes;  // of a row
};

class ConcatTask final : public Task {
 public:
  Piece* pieces;
  int64_t count;
  std::byte* to;
  int64_t row_bytes;
  int64_t outer;

  // The threads share all pieces of all rows; a row of a few large pieces keeps them busy too.
  void run(const Team& team, void*, Failure) const override {
    const Range mine = share(outer * count, team);
    int64_t at = 0;
    int64_t row = -1;
    for (int64_t i = mine.begin; i < mine.end; ++i) {
      const int64_t piece = i % count;
      if (i / count != row) {
        row = i / count;
        at = 0;
        for (int64_t before = 0; before < piece; ++before) at += pieces[before].bytes;
      }
      const int64_t bytes = pieces[piece].bytes;
      if (bytes > 0) {
        std::memcpy(to + row * row_bytes + at, pieces[piece].from + row * bytes, static_cast<size_t>(bytes));
      }
      at += bytes;
    }
  }
};

constexpr double kBytesANanosecond = 8;

}  // namespace

Task* prepare_concat(const Instruction&, Operands& operands, const Table&, TaskStore& store) {
  auto* task = store.make<ConcatTask>();
  task->count = operands.integer(1);
  task->outer = operands.integer();
  if (task->count > operands.buffers_left()) operands.fail("ERR_SHAPE", "too few buffers");
  const DType dtype = operands.dtype_of_last();
  task->pieces = store.array<Piece>(static_cast<size_t>(task->count));
  int64_t row = 0;
  for (int64_t i = 0; i < task->count; ++i) {
    const int64_t elements = operands.integer();
    task->pieces[i].bytes = operands.product(elements, bytes_of(dtype));
    row = operands.product(row + elements, 1);
  }
  for (int64_t i = 0; i < task->count; ++i) {
    Piece& piece = task->pieces[i];
    const int64_t elements = operands.product(task->outer, piece.bytes / bytes_of(dtype));
    piece.from = static_cast<const std::byte*>(operands.buffer(elements, dtype));
  }
  const int64_t elements = operands.product(task->outer, row);
  task->to = static_cast<std::byte*>(operands.buffer(elements, dtype));
  task->row_bytes = operands.product(row, bytes_of(dtype));
  task->nanoseconds = static_cast<double>(elements * bytes_of(dtype)) / kBytesANanosecond;
  return elements == 0 ? nullptr : task;
}

}  // namespace thalweg
