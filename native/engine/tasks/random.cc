#include "random.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "../costs.h"
#include "../dtypes.h"
#include "../operands.h"
#include "../rng.h"
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
class RandomTask final : public Task {
 public:
  int64_t n;
  const double* state;
  double a, b;       // uniform: low, high; normal: mean, standard deviation
  Bounds<T> bounds;  // uniform
  bool normal;
  T* y;

  void run(const Team& team, void*, Failure) const override {
    const Range mine = share(n, team, 64);
    const RandomState stream = read_state(state);
    for (int64_t i = mine.begin; i < mine.end; i += 4) {
      T four[4];
      const uint64_t at = stream.counter + static_cast<uint64_t>(i / 4);
      if (normal) {
        fill_normal(stream.seed, at, four);
      } else {
        fill_uniform(stream.seed, at, four);
      }
      for (int64_t j = 0; j < 4 && i + j < mine.end; ++j) y[i + j] = four[j];
    }
  }

 private:
  void fill_uniform(uint64_t seed, uint64_t at, T* four) const {
    const auto w = philox(seed, at);
    for (int j = 0; j < 4; ++j) {
      // A float64 takes a second block for its low bits; both streams are of the same counter.
      const double u = sizeof(T) == 4 ? uniform32(w[j]) : uniform64(w[j], philox(seed ^ kLowBits, at)[j]);
      const double x = std::isinf(b - a) ? 2 * (a / 2 + (b / 2 - a / 2) * u) : a + (b - a) * u;
      four[j] = std::clamp(static_cast<T>(x), bounds.least, bounds.greatest);
    }
  }

  // Box and Muller's: two uniform numbers make two normal ones.
  void fill_normal(uint64_t seed, uint64_t at, T* four) const {
    const auto w = philox(seed, at);
    const auto low = philox(seed ^ kLowBits, at);
    for (int j = 0; j < 4; j += 2) {
      const double radius = std::sqrt(-2 * std::log(1 - uniform64(w[j], low[j])));
      const double angle = 2 * std::numbers::pi * uniform64(w[j + 1], low[j + 1]);
      four[j] = static_cast<T>(a + b * radius * std::cos(angle));
      four[j + 1] = static_cast<T>(a + b * radius * std::sin(angle));
    }
  }

  static constexpr uint64_t kLowBits = 0x5851F42D4C957F2D;
};

// A shuffle of 0 … n − 1 (Fisher and Yates'). Each swap needs the one before: one thread.
class PermutationTask final : public Task {
 public:
  int64_t n;
  const double* state;
  int32_t* y;

  void run(const Team&, void*, Failure) const override {
    const RandomState stream = read_state(state);
    for (int64_t i = 0; i < n; ++i) y[i] = static_cast<int32_t>(i);
    for (int64_t i = n - 1; i > 0; --i) {
      const auto w = philox(stream.seed, stream.counter + static_cast<uint64_t>(i));
      const auto j = static_cast<int64_t>(uniform64(w[0], w[1]) * static_cast<double>(i + 1));
      std::swap(y[i], y[j]);
    }
  }
};

template <typename T, const Layout& L>
RandomTask<T>* prepare(const Named<L>& named, double a, double b, TaskStore& store) {
  auto* task = store.make<RandomTask<T>>();
  task->n = named.size("n");
  task->a = a;
  task->b = b;
  task->state = named.template read<double>("state", 3);
  task->y = named.template write<T>("y", task->n);
  return task;
}

}  // namespace

Task* prepare_uniform(const Operands& operands, const Table&, TaskStore& store) {
  return visit_types<float, double>(
      operands, operands.dtype(), [&]<typename T>(std::type_identity<T>) -> Task* {
        const Named<describing::kUniform> named(operands);
        auto* task = prepare<T>(named, named.number("low"), named.number("high"), store);
        task->bounds = Bounds<T>::of(task->a, task->b);
        task->nanoseconds = nanoseconds_of(Cost::uniform, operands.dtype(), task->n);
        return task;
      });
}

Task* prepare_normal(const Operands& operands, const Table&, TaskStore& store) {
  return visit_types<float, double>(
      operands, operands.dtype(), [&]<typename T>(std::type_identity<T>) -> Task* {
        const Named<describing::kNormal> named(operands);
        auto* task = prepare<T>(named, named.number("mean"), named.number("std"), store);
        task->normal = true;
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
  task->y = named.write<int32_t>("y", task->n);
  task->nanoseconds = nanoseconds_of(Cost::swap, operands.dtype(), task->n);
  return task;
}

}  // namespace thalweg
