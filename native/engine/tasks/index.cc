#include "index.h"

#include <algorithm>
#include <cstring>

#include "../costs.h"
#include "../operands.h"
#include "../task.h"

namespace thalweg {
namespace {

// Threads own columns or outer slices of y, never entries of the index, so that no two threads write to one
// element and what is added or stays is what it is on one thread.
template <typename Use>
void share_call(const IndexCall& call, const Team& team, Use use) {
  share_plane(call.outer, call.inner, 64, team, [&](Range outer, Range inner) {
    IndexCall part = call;
    part.outer_begin = outer.begin;
    part.outer_end = outer.end;
    part.inner_begin = inner.begin;
    part.inner_end = inner.end;
    use(part);
  });
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
    share_call(call, team, [&](const IndexCall& part) {
      if (zeroed_bytes > 0) clear(part);
      const int64_t bad = kernel(part);
      if (bad >= 0) failure.report(bad);
    });
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
    share_call(call, team, [&](const IndexCall& part) { put(part, failure); });
  }

  void put(const IndexCall& part, Failure& failure) const {
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

Sizes set_sizes(IndexCall& call, const Operands& operands, int64_t outer, int64_t axis, int64_t inner,
                int64_t count) {
  call.outer = call.outer_end = outer;
  call.axis = axis;
  call.inner = call.inner_end = inner;
  call.count = count;
  call.outer_begin = call.inner_begin = 0;
  const int64_t plane = operands.product(outer, inner);
  return {operands.product(plane, axis), operands.product(plane, count)};
}

// The layouts of reading, adding and scatter begin with the same parameters.
Sizes read_sizes(IndexCall& call, const Operands& operands) {
  const Named<describing::kIndex> named(operands);
  return set_sizes(call, operands, named.size("outer"), named.size("axis"), named.size("inner"),
                   named.size("count"));
}

template <typename Word>
Task* prepare_scatter_of(const Operands& operands, TaskStore& store) {
  const Named<describing::kScatter> named(operands);
  auto* task = store.make<ScatterTask<Word>>();
  IndexCall& call = task->call;
  const auto [longer, shorter] = read_sizes(call, operands);
  if (longer == 0) return nullptr;
  call.x = named.template read<Word>("x", longer);
  call.index = named.template read<int32_t>("index", shorter);
  task->source = named.template read<Word>("source", shorter);
  call.y = named.template write<Word>("y", longer);
  task->nanoseconds = nanoseconds_of(Cost::put, operands.dtype(), shorter) +
                      nanoseconds_of(Cost::fill, operands.dtype(), longer);
  return task;
}

}  // namespace

Task* prepare_index(const Operands& operands, const Table& table, TaskStore& store) {
  const Named<describing::kIndex> named(operands);
  const auto kernel = static_cast<Index>(operands.instruction().kernel);
  const DType dtype = operands.dtype();
  const bool own_index = info_of(kernel).of == IndexOf::element;
  const bool adds = info_of(kernel).does == IndexDoes::add;
  auto* task = store.make<IndexTask>();
  task->op = operands.instruction().name;
  IndexCall& call = task->call;
  const auto [longer, shorter] = read_sizes(call, operands);
  if ((adds ? longer : shorter) == 0) return nullptr;
  call.x = named.read<void>("x", adds ? shorter : longer);
  call.index = named.read<int32_t>("index", own_index ? shorter : call.count);
  call.y = named.write<void>("y", adds ? longer : shorter);
  task->kernel = table.index[kernel][dtype];
  task->zeroed_bytes = adds ? bytes_of(dtype) : 0;
  task->nanoseconds = nanoseconds_of(own_index ? Cost::pick : Cost::pick_row, dtype, shorter) +
                      (adds ? nanoseconds_of(Cost::fill, dtype, longer) : 0);
  return task;
}

Task* prepare_write_rows(const Operands& operands, const Table& table, TaskStore& store) {
  const Named<describing::kWriteRows> named(operands);
  auto* task = store.make<IndexTask>();
  task->op = operands.instruction().name;
  IndexCall& call = task->call;
  const auto [longer, shorter] =
      set_sizes(call, operands, 1, named.size("axis"), named.size("inner"), named.size("count"));
  if (shorter == 0) return nullptr;
  call.x = named.read<void>("source", shorter);
  call.index = named.read<int32_t>("index", call.count);
  call.y = named.write<void>("target", longer);
  task->kernel = table.index[static_cast<Index>(operands.instruction().kernel)][operands.dtype()];
  task->nanoseconds = nanoseconds_of(Cost::pick_row, operands.dtype(), shorter);
  return task;
}

Task* prepare_scatter(const Operands& operands, const Table&, TaskStore& store) {
  switch (bytes_of(operands.dtype())) {
    case 1:
      return prepare_scatter_of<uint8_t>(operands, store);
    case 4:
      return prepare_scatter_of<uint32_t>(operands, store);
    default:
      return prepare_scatter_of<uint64_t>(operands, store);
  }
}

}  // namespace thalweg
