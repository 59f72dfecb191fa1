// Reading (index_select, gather), adding (index_add, scatter_add) and writing (scatter) by index.
//
// Parameters: outer, axis, inner, count. Buffers: x, index, y, where
// reading: x [outer, axis, inner] → y [outer, count, inner];
// adding: x [outer, count, inner] is added into zeros, y [outer, axis, inner];
// writing: buffers x [outer, axis, inner], index, source [outer, count, inner], y as x: the last one stays.
#include "index.h"

#include <algorithm>
#include <cstring>

#include "../dtypes.h"
#include "../operands.h"
#include "../task.h"

namespace thalweg {
namespace {

// Threads own columns or outer slices of y, never entries of the index, so that no two threads write to one
// element and what is added or stays is what it is on one thread.
void take_share(IndexCall& part, const Team& team) {
  if (part.outer >= team.size) {
    const Range mine = share(part.outer, team);
    part.outer_begin = mine.begin;
    part.outer_end = mine.end;
  } else {
    const Range mine = share(part.inner, team, 64);
    part.inner_begin = mine.begin;
    part.inner_end = mine.end;
  }
}

[[noreturn]] void refuse(const char* op, const IndexCall& call, int64_t position) {
  throw Error("ERR_INDEX", std::string(op) + ": index " + std::to_string(call.index[position]) +
                               " at position " + std::to_string(position) + " is outside [0, " +
                               std::to_string(call.axis) + ")");
}

class IndexTask final : public Task {
 public:
  const char* op;
  IndexFn kernel;
  IndexCall call;
  int64_t zeroed_bytes;  // of an element of y where it starts from zero, else 0

  void run(const Team& team, void*, Failure failure) const override {
    IndexCall part = call;
    take_share(part, team);
    if (zeroed_bytes > 0) clear(part);
    const int64_t bad = kernel(part);
    if (bad >= 0) failure.report(bad);
  }

  // y [outer, axis, inner] ← 0 in this thread's part: in a program it is memory that others have used.
  void clear(const IndexCall& part) const {
    auto* y = static_cast<std::byte*>(part.y);
    const int64_t row = part.inner * zeroed_bytes;
    const int64_t bytes = (part.inner_end - part.inner_begin) * zeroed_bytes;
    for (int64_t r = part.outer_begin * part.axis; r < part.outer_end * part.axis; ++r) {
      std::memset(y + r * row + part.inner_begin * zeroed_bytes, 0, static_cast<size_t>(bytes));
    }
  }

  void explain(int64_t position) const override { refuse(op, call, position); }
};

// Word: as large as an element.
template <typename Word>
class ScatterTask final : public Task {
 public:
  IndexCall call;  // x, index and y
  const Word* source;

  void run(const Team& team, void*, Failure failure) const override {
    IndexCall part = call;
    take_share(part, team);
    const auto* x = static_cast<const Word*>(part.x);
    auto* y = static_cast<Word*>(part.y);
    for (int64_t r = part.outer_begin * part.axis; r < part.outer_end * part.axis; ++r) {
      std::copy(x + r * part.inner + part.inner_begin, x + r * part.inner + part.inner_end,
                y + r * part.inner + part.inner_begin);
    }
    for (int64_t o = part.outer_begin; o < part.outer_end; ++o) {
      for (int64_t j = 0; j < part.count; ++j) {
        for (int64_t i = part.inner_begin; i < part.inner_end; ++i) {
          const int64_t position = (o * part.count + j) * part.inner + i;
          const int64_t at = part.index[position];
          if (at < 0 || at >= part.axis) return failure.report(position);
          y[(o * part.axis + at) * part.inner + i] = source[position];
        }
      }
    }
  }

  void explain(int64_t position) const override { refuse("scatter", call, position); }
};

struct Sizes {
  int64_t longer;   // outer · axis · inner
  int64_t shorter;  // outer · count · inner
};

Sizes read_sizes(IndexCall& call, Operands& operands) {
  call.outer = operands.integer();
  call.axis = operands.integer();
  call.inner = operands.integer();
  call.count = operands.integer();
  call.outer_begin = call.inner_begin = 0;
  call.outer_end = call.outer;
  call.inner_end = call.inner;
  const int64_t plane = operands.product(call.outer, call.inner);
  return {operands.product(plane, call.axis), operands.product(plane, call.count)};
}

template <typename Word>
Task* prepare_scatter_of(Operands& operands, TaskStore& store) {
  auto* task = store.make<ScatterTask<Word>>();
  IndexCall& call = task->call;
  const auto [longer, shorter] = read_sizes(call, operands);
  if (longer == 0) return nullptr;
  const DType dtype = operands.dtype_of_next();
  call.x = operands.buffer(longer, dtype);
  call.index = static_cast<const int32_t*>(operands.buffer(shorter, DType::int32));
  task->source = static_cast<const Word*>(operands.buffer(shorter, dtype));
  call.y = operands.buffer(longer, dtype);
  task->can_fail = true;
  task->nanoseconds = static_cast<double>(shorter) + 0.1 * static_cast<double>(longer);
  return task;
}

}  // namespace

Task* prepare_index(const Instruction& self, Operands& operands, const Table& table, TaskStore& store) {
  const auto kernel = static_cast<Index>(self.kernel);
  const bool own_index = kernel == Index::gather || kernel == Index::add_gather;
  const bool adds = kernel == Index::add_select || kernel == Index::add_gather;
  auto* task = store.make<IndexTask>();
  task->op = self.name;
  task->can_fail = true;
  IndexCall& call = task->call;
  const auto [long_count, short_count] = read_sizes(call, operands);
  if ((adds ? long_count : short_count) == 0) return nullptr;
  const DType dtype = operands.dtype_of_next();
  call.x = operands.buffer(adds ? short_count : long_count, dtype);
  call.index =
      static_cast<const int32_t*>(operands.buffer(own_index ? short_count : call.count, DType::int32));
  call.y = operands.buffer(adds ? long_count : short_count, dtype);
  task->kernel = kernel_of(table.index[kernel], dtype, operands);
  task->zeroed_bytes = adds ? bytes_of(dtype) : 0;
  task->nanoseconds =
      0.5 * static_cast<double>(short_count) + (adds ? 0.1 * static_cast<double>(long_count) : 0);
  return task;
}

Task* prepare_scatter(const Instruction&, Operands& operands, const Table&, TaskStore& store) {
  switch (bytes_of(operands.dtype_of_next())) {
    case 1:
      return prepare_scatter_of<uint8_t>(operands, store);
    case 4:
      return prepare_scatter_of<uint32_t>(operands, store);
    default:
      return prepare_scatter_of<uint64_t>(operands, store);
  }
}

}  // namespace thalweg
