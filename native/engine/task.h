// A task is one instruction made ready: operands checked, kernel chosen, nothing left to allocate.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "../kernels/types.h"
#include "loop.h"
#include "system.h"

namespace thalweg {

// A failure that only the data shows. The first failing task in the program's order counts, and the lowest
// position in it: the report is the same for any number of threads.
class Failure {
 public:
  struct Shared {
    std::atomic<int64_t> first{INT64_MAX};
    std::atomic<int64_t> first_phase{INT64_MAX};

    bool failed() const { return first.load(std::memory_order_relaxed) != INT64_MAX; }
    // Whether a task failed in this phase or before. Threads ask after the barrier that ends the phase. A
    // thread that has run ahead and failed in a later phase does not change the answer.
    bool failed_by(int64_t phase) const { return first_phase.load(std::memory_order_relaxed) <= phase; }
    int64_t task() const { return first.load(std::memory_order_relaxed) >> kPositionBits; }
    int64_t position() const {
      return first.load(std::memory_order_relaxed) & ((int64_t{1} << kPositionBits) - 1);
    }
  };

  explicit Failure(Shared& shared, int64_t task = 0, int64_t phase = 0)
      : shared_(shared), task_(task), phase_(phase) {}

  void report(int64_t position) {
    lower(shared_.first_phase, phase_);
    lower(shared_.first, (task_ << kPositionBits) + position);
  }

  static constexpr int kPositionBits = 36;
  static constexpr int64_t kMaxTasks = int64_t{1} << 26;

 private:
  static void lower(std::atomic<int64_t>& value, int64_t to) {
    int64_t seen = value.load(std::memory_order_relaxed);
    while (to < seen && !value.compare_exchange_weak(seen, to, std::memory_order_relaxed)) {
    }
  }

  Shared& shared_;
  int64_t task_;
  int64_t phase_;
};

struct Range {
  int64_t begin, end;
};

// Every thread reads weights of at most this many bytes at no cost. Of larger ones each thread keeps its
// rows.
constexpr int64_t kSmallBytes = 32'768;

// The products y [rows] = w [rows, columns] · x of a task with one sample x, before its bias and activation.
struct RowProducts {
  DType dtype = DType::float32;
  const void* w = nullptr;  // null: there are none
  int64_t columns = 0;
  void* y = nullptr;
};

class Task {
 public:
  // Every thread of the team calls it; each does its share. `scratch` is shared, 64-byte aligned.
  virtual void run(const Team& team, void* scratch, Failure failure) const = 0;

  // Does the rows of `mine` on this thread, if `rows` is not 0; the other threads do theirs.
  virtual void run_rows(Range /*mine*/, const Team& /*team*/, void* /*scratch*/, Failure) const {}

  // Throws the error that `failure` stands for.
  virtual void explain(int64_t /*position*/) const {}

  virtual int64_t scratch_bytes(int32_t /*threads*/) const { return 0; }

  // Whether it could read the rows of an operand, one for each of `batch` samples, in the data set of a loop.
  // read_samples() then has it do so.
  virtual bool can_read_samples(size_t /*operand*/, int64_t /*batch*/) const { return false; }
  virtual void read_samples(size_t /*operand*/, const Samples&) {}

  // Products that another task may form while it goes over the rows of w; x on one thread; and what is left
  // to do to products that have been formed.
  virtual RowProducts row_products() const { return {}; }
  virtual const void* row_factor(int32_t /*rank*/) const { return nullptr; }
  virtual void finish_rows(Range /*mine*/, void* /*scratch*/) const {}

  // Whether it changes those weights row by row and can form the product of each row right after. The second
  // function does both.
  virtual bool can_form(const RowProducts&) const { return false; }
  virtual void run_rows_and_form(Range /*mine*/, const Team& /*team*/, const RowProducts&,
                                 const void* /*x*/) const {}

  double nanoseconds = 0;     // estimated, on one thread
  bool can_fail = false;      // for what the data holds
  bool is_for_one = false;    // no threads can divide it
  bool has_barriers = false;  // its threads wait for each other while they do it
  // Rows that can be done independently of each other, or 0, and the operands that consist of them, as bits.
  int64_t rows = 0;
  uint32_t row_operands = 0;
  bool takes_any_rows = false;  // threads may be given uneven shares of the rows

 protected:
  ~Task() = default;  // a task owns nothing: its memory is given back without a destructor
};

// Memory for tasks and what they hold: a block that the caller provides, then blocks of its own. All of it is
// given back together.
class TaskStore {
 public:
  TaskStore(std::byte* memory, size_t size) : memory_(memory), left_(size) {}
  TaskStore() : TaskStore(nullptr, 0) {}

  template <typename T>
  T* make() {
    return array<T>(1);
  }

  template <typename T>
  T* array(size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    static_assert(alignof(T) <= kAlignment);
    const size_t size = (sizeof(T) * count + kAlignment - 1) / kAlignment * kAlignment;
    if (size > left_) more(size);
    auto* first = reinterpret_cast<T*>(memory_);
    for (size_t i = 0; i < count; ++i) new (first + i) T();
    memory_ += size;
    left_ -= size;
    return first;
  }

 private:
  static constexpr size_t kAlignment = 64;
  static constexpr size_t kChunk = 16'384;

  void more(size_t size) {
    const size_t taken = size > kChunk ? size : kChunk;
    std::unique_ptr<std::byte, system::Release> chunk(
        static_cast<std::byte*>(system::allocate(kAlignment, taken)));
    if (chunk == nullptr) throw std::bad_alloc();
    chunks_.push_back(std::move(chunk));
    memory_ = chunks_.back().get();
    left_ = taken;
  }

  std::byte* memory_;
  size_t left_;
  std::vector<std::unique_ptr<std::byte, system::Release>> chunks_;
};

// The share of [0, n) of one thread, in whole multiples of `grain`.
inline Range share(int64_t n, const Team& team, int64_t grain = 1) {
  const int64_t grains = (n + grain - 1) / grain;
  const int64_t begin = grains * team.rank / team.size * grain;
  const int64_t end = grains * (team.rank + 1) / team.size * grain;
  return {begin < n ? begin : n, end < n ? end : n};
}

// From this many rows a thread on, whole rows are even enough: to one in twenty.
constexpr int64_t kManyRows = 20;

// Calls use(rows, columns) for each rectangle of one thread's share of [rows, columns]: whole rows where
// there are many of them or each thread has the same number. Otherwise rows are cut in whole multiples of
// `grain` columns, and a share is the end of a row, whole rows and the beginning of a row.
template <typename Use>
void share_plane(int64_t rows, int64_t columns, int64_t grain, const Team& team, Use use) {
  if (rows % team.size == 0 || rows >= kManyRows * team.size) {
    const Range mine = share(rows, team);
    if (mine.begin < mine.end) use(mine, Range{0, columns});
    return;
  }
  const int64_t pieces = (columns + grain - 1) / grain;  // of a row
  const Range mine = share(rows * pieces, team);
  for (int64_t at = mine.begin; at < mine.end;) {
    const int64_t row = at / pieces;
    const int64_t first = at % pieces;
    const int64_t left = mine.end - at;
    const bool is_whole = first == 0 && left >= pieces;
    const int64_t count = is_whole ? left / pieces : 1;
    const int64_t last = is_whole || first + left > pieces ? pieces : first + left;
    use(Range{row, row + count}, Range{first * grain, last == pieces ? columns : last * grain});
    at = is_whole ? at + count * pieces : row * pieces + last;
  }
}

inline void barrier(const Team& team) {
  if (team.size > 1) team.wait(team.barrier);
}

}  // namespace thalweg
