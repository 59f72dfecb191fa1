#include "concat.h"

#include <cstring>

#include "../costs.h"
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

}  // namespace

Task* prepare_concat(const Operands& operands, const Table&, TaskStore& store) {
  const Named<describing::kConcat> named(operands);
  auto* task = store.make<ConcatTask>();
  task->count = named.size("count");
  task->outer = named.size("outer");
  if (task->count == 0) operands.fail("ERR_SHAPE", "no inputs");
  const int64_t bytes = bytes_of(operands.dtype());
  task->pieces = store.array<Piece>(static_cast<size_t>(task->count));
  int64_t row = 0;
  for (int64_t i = 0; i < task->count; ++i) {
    const int64_t elements = named.size("sizes", i);
    Piece& piece = task->pieces[i];
    piece.from = named.read<std::byte>("inputs", operands.product(task->outer, elements), i);
    piece.bytes = operands.product(elements, bytes);
    row = operands.product(row + elements, 1);
  }
  const int64_t elements = operands.product(task->outer, row);
  task->to = named.write<std::byte>("y", elements);
  task->row_bytes = operands.product(row, bytes);
  task->nanoseconds = nanoseconds_of(Cost::copy_byte, operands.dtype(), elements * bytes);
  return elements == 0 ? nullptr : task;
}

}  // namespace thalweg
