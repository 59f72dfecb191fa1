// Along the middle axis of x [outer, axis, inner]:
//
// cumsum:  y_i = Σ_{j ≤ i} x_j.
// argsort: the positions in the order of the values; equal ones stay in order, NaN is the largest.
//
// Parameters: outer, axis, inner, and for argsort whether the largest come first. Buffers: x, y.
#include "order.h"

#include <algorithm>
#include <numeric>
#include <type_traits>

#include "../operands.h"
#include "../task.h"

namespace thalweg {
namespace {

struct Axis {
  int64_t outer, length, inner;

  int64_t first_of(int64_t line) const { return line / inner * length * inner + line % inner; }
};

template <typename T>
class CumsumTask final : public Task {
 public:
  Axis axis;
  const T* x;
  T* y;

  // A line is one sum: the threads share the lines.
  void run(const Team& team, void*, Failure) const override {
    using Sum = std::conditional_t<std::is_same_v<T, float>, double, T>;
    using Wide = std::conditional_t<std::is_same_v<T, int32_t>, uint32_t, Sum>;  // wraps
    const Range lines = share(axis.outer * axis.inner, team);
    for (int64_t line = lines.begin; line < lines.end; ++line) {
      const int64_t first = axis.first_of(line);
      Wide sum = 0;
      for (int64_t i = 0; i < axis.length; ++i) {
        sum += static_cast<Wide>(x[first + i * axis.inner]);
        y[first + i * axis.inner] = static_cast<T>(sum);
      }
    }
  }
};

template <typename T>
class ArgsortTask final : public Task {
 public:
  Axis axis;
  bool descending;
  const T* x;
  int32_t* y;

  int64_t scratch_bytes(int32_t threads) const override { return threads * scratch_of_one(); }

  void run(const Team& team, void* scratch, Failure) const override {
    auto* const order =
        reinterpret_cast<int32_t*>(static_cast<std::byte*>(scratch) + team.rank * scratch_of_one());
    const Range lines = share(axis.outer * axis.inner, team);
    for (int64_t line = lines.begin; line < lines.end; ++line) {
      const int64_t first = axis.first_of(line);
      const auto at = [&](int32_t i) { return x[first + i * axis.inner]; };
      const auto below = [&](int32_t i, int32_t j) {
        const T a = at(i);
        const T b = at(j);
        return a < b || (a == a && b != b);
      };
      std::iota(order, order + axis.length, 0);
      merge_sort(order, order + axis.length, axis.length,
                 [&](int32_t i, int32_t j) { return descending ? below(j, i) : below(i, j); });
      for (int64_t i = 0; i < axis.length; ++i) y[first + i * axis.inner] = order[i];
    }
  }

 private:
  int64_t scratch_of_one() const {
    return (2 * axis.length * static_cast<int64_t>(sizeof(int32_t)) + 63) / 64 * 64;
  }

  // Stable, and in memory that is there: std::stable_sort would allocate.
  template <typename Less>
  static void merge_sort(int32_t* order, int32_t* other, int64_t n, Less less) {
    int32_t* from = order;
    int32_t* to = other;
    for (int64_t width = 1; width < n; width *= 2) {
      for (int64_t begin = 0; begin < n; begin += 2 * width) {
        const int64_t middle = std::min(begin + width, n);
        const int64_t end = std::min(begin + 2 * width, n);
        std::merge(from + begin, from + middle, from + middle, from + end, to + begin, less);
      }
      std::swap(from, to);
    }
    if (from != order) std::copy(from, from + n, order);
  }
};

Axis read_axis(Operands& operands, int64_t& count) {
  Axis axis{};
  axis.outer = operands.integer();
  axis.length = operands.integer();
  axis.inner = operands.integer();
  if (axis.length > INT32_MAX) operands.fail("ERR_SHAPE", "an axis passes 2^31");
  count = operands.product(operands.product(axis.outer, axis.length), axis.inner);
  return axis;
}

template <typename T>
Task* prepare_cumsum_of(Operands& operands, DType dtype, TaskStore& store) {
  auto* task = store.make<CumsumTask<T>>();
  int64_t count = 0;
  task->axis = read_axis(operands, count);
  task->x = static_cast<const T*>(operands.buffer(count, dtype));
  task->y = static_cast<T*>(operands.buffer(count, dtype));
  task->nanoseconds = static_cast<double>(count);
  return count == 0 ? nullptr : task;
}

template <typename T>
Task* prepare_argsort_of(Operands& operands, DType dtype, TaskStore& store) {
  auto* task = store.make<ArgsortTask<T>>();
  int64_t count = 0;
  task->axis = read_axis(operands, count);
  task->descending = operands.flag();
  task->x = static_cast<const T*>(operands.buffer(count, dtype));
  task->y = static_cast<int32_t*>(operands.buffer(count, DType::int32));
  task->nanoseconds = 30 * static_cast<double>(count);
  return count == 0 ? nullptr : task;
}

}  // namespace

Task* prepare_cumsum(const Instruction&, Operands& operands, const Table&, TaskStore& store) {
  const DType dtype = operands.dtype_of_next();
  if (dtype == DType::float32) return prepare_cumsum_of<float>(operands, dtype, store);
  if (dtype == DType::float64) return prepare_cumsum_of<double>(operands, dtype, store);
  if (dtype == DType::int32) return prepare_cumsum_of<int32_t>(operands, dtype, store);
  operands.fail("ERR_DTYPE", std::string("not defined for ") + name_of(dtype));
}

Task* prepare_argsort(const Instruction&, Operands& operands, const Table&, TaskStore& store) {
  const DType dtype = operands.dtype_of_next();
  if (dtype == DType::float32) return prepare_argsort_of<float>(operands, dtype, store);
  if (dtype == DType::float64) return prepare_argsort_of<double>(operands, dtype, store);
  if (dtype == DType::int32) return prepare_argsort_of<int32_t>(operands, dtype, store);
  operands.fail("ERR_DTYPE", std::string("not defined for ") + name_of(dtype));
}

}  // namespace thalweg
