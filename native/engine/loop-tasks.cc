#include "loop-tasks.h"

#include <cstring>

#include "costs.h"
#include "cpu.h"
#include "dtypes.h"

namespace thalweg {
namespace {

// The samples of a mini-batch lie anywhere: nothing else foresees which comes next.
constexpr int64_t kSamplesAhead = 2;

class GatherTask final : public Task {
 public:
  Samples samples;
  std::byte* to;
  int64_t row_bytes;
  int64_t count;
  ScaleBytesFn scale_bytes;

  void run(const Team& team, void* scratch, Failure failure) const override {
    run_rows(share(count, team), team, scratch, failure);
  }

  void run_rows(Range mine, const Team& team, void*, Failure) const override {
    const Source& source = samples.source(team.rank);
    const int32_t* const order = samples.order(team.rank);
    const auto* from = static_cast<const std::byte*>(source.data);
    for (int64_t r = mine.begin; r < mine.end; ++r) {
      if (r + kSamplesAhead < mine.end) {
        const std::byte* ahead = from + order[r + kSamplesAhead] * source.row_bytes;
        for (int64_t at = 0; at < source.row_bytes; at += 64) __builtin_prefetch(ahead + at);
      }
      const std::byte* row = from + order[r] * source.row_bytes;
      if (source.scale == 0) {
        std::memcpy(to + r * row_bytes, row, static_cast<size_t>(row_bytes));
      } else {
        scale_bytes({reinterpret_cast<const uint8_t*>(row), source.row_bytes, source.scale, source.zero_point,
                     to + r * row_bytes});
      }
    }
  }
};

void copy_as_double(const View& from, double* to) {
  visit_dtype(from.dtype, [&]<typename T>(std::type_identity<T>) {
    const auto* values = static_cast<const T*>(from.data);
    for (int64_t i = 0; i < from.count; ++i) to[i] = static_cast<double>(values[i]);
  });
}

class LogTask final : public Task {
 public:
  const Cursor* cursors;
  View* logged;
  int64_t count;
  int64_t elements;  // of all of them

  void run(const Team& team, void*, Failure) const override {
    if (team.rank != 0) return;
    const Cursor& cursor = cursors[0];
    double* to = cursor.loop->log + cursor.step * elements;
    for (int64_t i = 0; i < count; ++i) {
      copy_as_double(logged[i], to);
      to += slots_of(logged[i]);
    }
  }
};

}  // namespace

Task* make_gather(const Samples& samples, const View& input, int64_t batch, TaskStore& store) {
  auto* task = store.make<GatherTask>();
  const int64_t bytes = input.count * bytes_of(input.dtype);
  task->samples = samples;
  task->to = static_cast<std::byte*>(input.data);
  task->row_bytes = bytes / batch;
  task->count = batch;
  task->scale_bytes = kernel_table().scale_bytes[input.dtype];
  task->nanoseconds = nanoseconds_of(Cost::copy_byte, input.dtype, bytes);
  task->rows = batch;
  task->row_operands = 0b1;
  return task;
}

Task* make_log(const Cursor* cursors, const std::vector<View>& logged, TaskStore& store) {
  auto* task = store.make<LogTask>();
  task->cursors = cursors;
  task->count = static_cast<int64_t>(logged.size());
  task->logged = store.array<View>(logged.size());
  task->elements = 0;
  int64_t bytes = 0;
  for (size_t i = 0; i < logged.size(); ++i) {
    task->logged[i] = logged[i];
    task->elements += slots_of(logged[i]);
    bytes += logged[i].bytes();
  }
  task->nanoseconds = nanoseconds_of(Cost::note, DType::float64, int64_t{1}) +
                      nanoseconds_of(Cost::copy_byte, DType::float64, bytes);
  return task;
}

}  // namespace thalweg
