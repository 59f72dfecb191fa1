#include "order.h"

#include <algorithm>
#include <numeric>
#include <type_traits>

#include "../costs.h"
#include "../dtypes.h"
#include "../operands.h"
#include "../task.h"

namespace thalweg {
namespace {

struct Axis {
  int64_t outer, length, inner;

  int64_t first_of(int64_t line) const { return line / inner * length * inner + line % inner; }
};

// What a line is added up in: whole numbers wrap.
template <typename T>
using Wide = std::conditional_t<std::is_same_v<T, float>, double,
                                std::conditional_t<std::is_same_v<T, int32_t>, uint32_t, T>>;

template <typename T>
class CumsumTask final : public Task {
 public:
  Axis axis;
  const T* x;
  T* y;

  // A line is one sum: the threads share the lines.
  void run(const Team& team, void*, Failure) const override {
    const Range lines = share(axis.outer * axis.inner, team);
    for (int64_t line = lines.begin; line < lines.end; ++line) {
      const int64_t first = axis.first_of(line);
      Wide<T> sum = 0;
      for (int64_t i = 0; i < axis.length; ++i) {
        sum += static_cast<Wide<T>>(x[first + i * axis.inner]);
        y[first + i * axis.inner] = static_cast<T>(sum);
      }
    }
  }
};

template <typename T>
class LinearScanTask final : public Task {
 public:
  Axis axis;
  const T* a;
  const T* b;
  T* y;

  // As cumsum: the threads share the lines. The first of a is not read, as it has nothing to multiply.
  void run(const Team& team, void*, Failure) const override {
    const Range lines = share(axis.outer * axis.inner, team);
    for (int64_t line = lines.begin; line < lines.end; ++line) {
      int64_t at = axis.first_of(line);
      auto last = static_cast<Wide<T>>(b[at]);
      y[at] = static_cast<T>(last);
      for (int64_t i = 1; i < axis.length; ++i) {
        at += axis.inner;
        last = static_cast<Wide<T>>(a[at]) * last + static_cast<Wide<T>>(b[at]);
        y[at] = static_cast<T>(last);
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

template <const Layout& L>
Axis read_axis(const Named<L>& named) {
  const Axis axis = {named.size("outer"), named.size("axis"), named.size("inner")};
  if (axis.length > INT32_MAX) named.fail("ERR_SHAPE", "an axis passes 2^31");
  return axis;
}

int64_t count_of(const Axis& axis, const Operands& operands) {
  return operands.product(operands.product(axis.outer, axis.length), axis.inner);
}

}  // namespace

Task* prepare_cumsum(const Operands& operands, const Table&, TaskStore& store) {
  return visit_types<float, double, int32_t>(
      operands, operands.dtype(), [&]<typename T>(std::type_identity<T>) -> Task* {
        const Named<describing::kCumsum> named(operands);
        auto* task = store.make<CumsumTask<T>>();
        task->axis = read_axis(named);
        const int64_t count = count_of(task->axis, operands);
        task->x = named.template read<T>("x", count);
        task->y = named.template write<T>("y", count);
        task->nanoseconds = nanoseconds_of(Cost::cumsum, operands.dtype(), count);
        return count == 0 ? nullptr : task;
      });
}

Task* prepare_linear_scan(const Operands& operands, const Table&, TaskStore& store) {
  return visit_types<float, double, int32_t>(
      operands, operands.dtype(), [&]<typename T>(std::type_identity<T>) -> Task* {
        const Named<describing::kLinearScan> named(operands);
        auto* task = store.make<LinearScanTask<T>>();
        task->axis = read_axis(named);
        const int64_t count = count_of(task->axis, operands);
        task->a = named.template read<T>("a", count);
        task->b = named.template read<T>("b", count);
        task->y = named.template write<T>("y", count);
        task->nanoseconds = nanoseconds_of(Cost::cumsum, operands.dtype(), count);
        return count == 0 ? nullptr : task;
      });
}

Task* prepare_argsort(const Operands& operands, const Table&, TaskStore& store) {
  return visit_types<float, double, int32_t>(
      operands, operands.dtype(), [&]<typename T>(std::type_identity<T>) -> Task* {
        const Named<describing::kArgsort> named(operands);
        auto* task = store.make<ArgsortTask<T>>();
        task->axis = read_axis(named);
        task->descending = named.flag("descending");
        const int64_t count = count_of(task->axis, operands);
        task->x = named.template read<T>("x", count);
        task->y = named.template write<int32_t>("y", count);
        task->nanoseconds = nanoseconds_of(Cost::sort, operands.dtype(), count);
        return count == 0 ? nullptr : task;
      });
}

}  // namespace thalweg
