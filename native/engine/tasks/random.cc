#include "random.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "../../kernels/philox.h"
#include "../costs.h"
#include "../dtypes.h"
#include "../operands.h"
#include "../task.h"
#include "random-state.h"

namespace thalweg {
namespace {

// The least and the greatest number of T in [low, high): what is rounded to T, or on the way, stays between
// them. Where there is none, the one next to low is both.
template <typename T>
struct Bounds {
  T least, greatest;

  static Bounds of(double low, double high) {
    constexpr T infinity = std::numeric_limits<T>::infinity();
    auto least = static_cast<T>(low);
    auto greatest = static_cast<T>(high);
    if (least < low) least = std::nextafter(least, infinity);
    if (greatest >= high) greatest = std::nextafter(greatest, -infinity);
    if (greatest < least) return {static_cast<T>(low), static_cast<T>(low)};
    return {least, greatest};
  }
};

template <typename T>
class RandomTask : public Task {
 public:
  int64_t n;
  const double* state;
  int64_t offset;
  T* y;

 protected:
  // Whole blocks of the kernel.
  static constexpr int64_t kGrain = 64;

  RandomState stream() const { return read_state(state, offset); }

  ~RandomTask() = default;
};

template <typename T>
class UniformTask final : public RandomTask<T> {
 public:
  double low, high;
  Bounds<T> bounds;

  void run(const Team& team, void*, Failure) const override {
    const Range mine = share(this->n, team, this->kGrain);
    const RandomState stream = this->stream();
    for (int64_t i = mine.begin; i < mine.end; i += 4) {
      T four[4];
      fill(stream.seed, stream.counter + static_cast<uint64_t>(i / 4), four);
      for (int64_t j = 0; j < 4 && i + j < mine.end; ++j) this->y[i + j] = four[j];
    }
  }

 private:
  void fill(uint64_t seed, uint64_t at, T* four) const {
    const Words w = philox(seed, at);
    for (int j = 0; j < 4; ++j) {
      // A float64 takes a second block for its low bits; both streams are of the same counter.
      const double u =
          sizeof(T) == 4 ? uniform32(w.of[j]) : uniform64(w.of[j], philox(seed_of_low_bits(seed), at).of[j]);
      const double range = high - low;
      const double x = std::isinf(range) ? 2 * (low / 2 + (high / 2 - low / 2) * u) : low + range * u;
      four[j] = std::clamp(static_cast<T>(x), bounds.least, bounds.greatest);
    }
  }
};

template <typename T>
class NormalTask final : public RandomTask<T> {
 public:
  NormalFn<T> kernel;
  double mean, std;

  void run(const Team& team, void*, Failure) const override {
    const Range mine = share(this->n, team, this->kGrain);
    const RandomState stream = this->stream();
    kernel({stream.seed, stream.counter + static_cast<uint64_t>(mine.begin / 4), mean, std,
            this->y + mine.begin, mine.end - mine.begin});
  }
};

// A shuffle of 0 … n − 1 (Fisher and Yates'). Each swap needs the one before: one thread.
class PermutationTask final : public Task {
 public:
  int64_t n;
  const double* state;
  int64_t offset;
  int32_t* y;

  void run(const Team&, void*, Failure) const override {
    const RandomState stream = read_state(state, offset);
    for (int64_t i = 0; i < n; ++i) y[i] = static_cast<int32_t>(i);
    for (int64_t i = n - 1; i > 0; --i) {
      const Words w = philox(stream.seed, stream.counter + static_cast<uint64_t>(i));
      const auto j = static_cast<int64_t>(uniform64(w.of[0], w.of[1]) * static_cast<double>(i + 1));
      std::swap(y[i], y[j]);
    }
  }
};

template <template <typename> typename Of, typename T, const Layout& L>
Of<T>* prepare(const Named<L>& named, TaskStore& store) {
  auto* task = store.make<Of<T>>();
  task->n = named.size("n");
  task->state = named.template read<double>("state", 3);
  task->offset = named.size("offset");
  task->y = named.template write<T>("y", task->n);
  return task;
}

}  // namespace

Task* prepare_uniform(const Operands& operands, const Table&, TaskStore& store) {
  return visit_types<float, double>(
      operands, operands.dtype(), [&]<typename T>(std::type_identity<T>) -> Task* {
        const Named<describing::kUniform> named(operands);
        auto* task = prepare<UniformTask, T>(named, store);
        task->low = named.number("low");
        task->high = named.number("high");
        task->bounds = Bounds<T>::of(task->low, task->high);
        task->nanoseconds = nanoseconds_of(Cost::uniform, operands.dtype(), task->n);
        return task;
      });
}

Task* prepare_normal(const Operands& operands, const Table& table, TaskStore& store) {
  return visit_types<float, double>(
      operands, operands.dtype(), [&]<typename T>(std::type_identity<T>) -> Task* {
        const Named<describing::kNormal> named(operands);
        auto* task = prepare<NormalTask, T>(named, store);
        task->kernel = table.normal.of<T>();
        task->mean = named.number("mean");
        task->std = named.number("std");
        task->nanoseconds = nanoseconds_of(Cost::normal, operands.dtype(), task->n);
        return task;
      });
}

Task* prepare_permutation(const Operands& operands, const Table&, TaskStore& store) {
  const Named<describing::kPermutation> named(operands);
  auto* task = store.make<PermutationTask>();
  task->n = named.size("n");
  if (task->n > INT32_MAX) operands.fail("ERR_SHAPE", "more elements than int32 can number");
  task->state = named.read<double>("state", 3);
  task->offset = named.size("offset");
  task->y = named.write<int32_t>("y", task->n);
  task->nanoseconds = nanoseconds_of(Cost::swap, operands.dtype(), task->n);
  return task;
}

}  // namespace thalweg
