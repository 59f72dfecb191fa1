// Reading (index_select, gather) and adding (index_add, scatter_add) by index.
//
// Parameters: outer, axis, inner, count. Buffers: x, index, y, where
// reading: x [outer, axis, inner] → y [outer, count, inner];
// adding: x [outer, count, inner] is added into zeros, y [outer, axis, inner].
#include <cstring>

#include "../registry.h"

namespace thalweg {
namespace {

class IndexTask final : public Task {
 public:
  const char* op;
  IndexFn kernel;
  IndexCall call;
  int64_t zeroed_bytes;  // of an element of y where it starts from zero, else 0

  // Adding: threads own columns or outer slices of y, never entries of the index, so that no two
  // threads add to one element and the order of the sum is that of one thread.
  void run(const Team& team, void*, Failure failure) const override {
    IndexCall part = call;
    if (call.outer >= team.size) {
      const Range mine = share(call.outer, team);
      part.outer_begin = mine.begin;
      part.outer_end = mine.end;
    } else {
      const Range mine = share(call.inner, team, 64);
      part.inner_begin = mine.begin;
      part.inner_end = mine.end;
    }
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

  void explain(int64_t position) const override {
    throw Error("ERR_INDEX", std::string(op) + ": index " + std::to_string(call.index[position]) +
                                 " at position " + std::to_string(position) + " is outside [0, " +
                                 std::to_string(call.axis) + ")");
  }
};

}  // namespace

Task* prepare_index(const Instruction& self, Operands& operands, const Table& table, TaskStore& store) {
  const auto kernel = static_cast<Index>(self.kernel);
  const bool own_index = kernel == Index::gather || kernel == Index::add_gather;
  const bool adds = kernel == Index::add_select || kernel == Index::add_gather;
  auto* task = store.make<IndexTask>();
  task->op = self.name;
  task->can_fail = true;
  IndexCall& call = task->call;
  call.outer = operands.integer();
  call.axis = operands.integer();
  call.inner = operands.integer();
  call.count = operands.integer();
  const int64_t plane = operands.product(call.outer, call.inner);
  const int64_t long_count = operands.product(plane, call.axis);
  const int64_t short_count = operands.product(plane, call.count);
  call.outer_begin = call.inner_begin = 0;
  call.outer_end = call.outer;
  call.inner_end = call.inner;
  if ((adds ? long_count : short_count) == 0) return nullptr;
  const DType dtype = operands.dtype_of_next();
  call.x = operands.buffer(adds ? short_count : long_count, dtype);
  call.index =
      static_cast<const int32_t*>(operands.buffer(own_index ? short_count : call.count, DType::int32));
  call.y = operands.buffer(adds ? long_count : short_count, dtype);
  task->kernel = table.index[self.kernel][static_cast<int32_t>(dtype)];
  if (task->kernel == nullptr) operands.fail("ERR_DTYPE", std::string("not defined for ") + name_of(dtype));
  task->zeroed_bytes = adds ? bytes_of(dtype) : 0;
  task->nanoseconds =
      0.5 * static_cast<double>(short_count) + (adds ? 0.1 * static_cast<double>(long_count) : 0);
  return task;
}

}  // namespace thalweg
