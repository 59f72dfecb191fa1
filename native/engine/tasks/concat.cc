#include "concat.h"

#include <algorithm>
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

  void run(const Team& team, void*, Failure) const override {
    share_plane(outer, row_bytes, 64, team, [&](Range rows, Range part) {
      for (int64_t row = rows.begin; row < rows.end; ++row) copy(row, part);
    });
  }

 private:
  // These bytes of a row.
  void copy(int64_t row, Range part) const {
    int64_t at = 0;
    for (int64_t i = 0; i < count && at < part.end; ++i) {
      const auto [from, bytes] = pieces[i];
      const int64_t begin = std::max(at, part.begin);
      const int64_t end = std::min(at + bytes, part.end);
      if (begin < end) {
        std::memcpy(to + row * row_bytes + begin, from + row * bytes + begin - at,
                    static_cast<size_t>(end - begin));
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
