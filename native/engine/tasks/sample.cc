#include "sample.h"

#include <charconv>
#include <string>

#include "../costs.h"
#include "../dtypes.h"
#include "../operands.h"
#include "../samplers.h"
#include "../task.h"
#include "random-state.h"

namespace thalweg {
namespace {

constexpr int32_t kMaxAxes = 8;
constexpr size_t kRank = 0, kShape = 1, kStridesCounter = 2;  // and then those of each parameter
static_assert(describing::kOfTwoParameters.param("stridesCounter") == kStridesCounter);
static_assert(describing::kOfTwoParameters.param("stridesA") == kStridesCounter + 1);

// As JavaScript writes it: the shortest text that reads back as the number.
template <typename T>
std::string text_of(T value) {
  if (value != value) return "NaN";
  if (value - value != 0) return value > 0 ? "Infinity" : "-Infinity";
  char text[32];
  const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  return {text, end};
}

template <typename T, typename Sampler>
class SampleTask final : public Task {
 public:
  static constexpr int kInputs = Sampler::kParameters;
  static constexpr int kStrides = kInputs + 1;  // the counter's first

  int32_t rank;
  int64_t n;
  int64_t shape[kMaxAxes];
  int64_t strides[kStrides][kMaxAxes];
  const char* name;
  const double* state;
  const T* in[kInputs];
  T* y;

  void run(const Team& team, void*, Failure failure) const override {
    const Range mine = share(n, team, 64);
    const RandomState stream = read_state(state);
    Place at(*this, mine.begin);
    for (int64_t i = mine.begin; i < mine.end; ++i, at.next(*this)) {
      double parameters[kInputs];
      for (int k = 0; k < kInputs; ++k) parameters[k] = static_cast<double>(in[k][at.offsets[k + 1]]);
      if (!Sampler::accepts(parameters)) return failure.report(i);
      const Attempts attempts(stream.seed, stream.counter + static_cast<uint64_t>(at.offsets[0]));
      y[i] = static_cast<T>(Sampler::draw(attempts, parameters));
    }
  }

  void explain(int64_t position) const override {
    const Place at(*this, position);
    std::string given;
    for (int k = 0; k < kInputs; ++k) given += (k == 0 ? "" : " and ") + text_of(in[k][at.offsets[k + 1]]);
    throw Error("ERR_VALUE", std::string(name) + ": expected " + Sampler::kExpected + ", got " + given +
                                 " for element " + std::to_string(position));
  }

 private:
  // An element: its position along each axis, and where that is for the counter and for each parameter.
  struct Place {
    int64_t positions[kMaxAxes];
    int64_t offsets[kStrides] = {};

    Place(const SampleTask& task, int64_t element) {
      for (int32_t d = task.rank - 1; d >= 0; --d) {
        positions[d] = element % task.shape[d];
        element /= task.shape[d];
        for (int k = 0; k < kStrides; ++k) offsets[k] += positions[d] * task.strides[k][d];
      }
    }

    void next(const SampleTask& task) {
      for (int32_t d = task.rank - 1; d >= 0; --d) {
        for (int k = 0; k < kStrides; ++k) offsets[k] += task.strides[k][d];
        if (++positions[d] < task.shape[d]) return;
        positions[d] = 0;
        for (int k = 0; k < kStrides; ++k) offsets[k] -= task.shape[d] * task.strides[k][d];
      }
    }
  };
};

template <typename Sampler>
Task* prepare(const Operands& operands, TaskStore& store, Cost cost) {
  return visit_types<float, double>(
      operands, operands.dtype(), [&]<typename T>(std::type_identity<T>) -> Task* {
        auto* task = store.make<SampleTask<T, Sampler>>();
        const int64_t rank = operands.integer(kRank);
        if (rank < 1 || rank > kMaxAxes) operands.fail("ERR_SHAPE", "expected 1 to 8 axes");
        task->rank = static_cast<int32_t>(rank);
        task->n = 1;
        for (int32_t d = 0; d < rank; ++d) {
          task->shape[d] = operands.integer(kShape, d);
          task->n = operands.product(task->n, task->shape[d]);
        }
        if (task->n == 0) return nullptr;
        for (int k = 0; k < task->kStrides; ++k) {
          const auto input = static_cast<size_t>(k);  // operands: the state, the parameters, y
          int64_t reach = 1;
          for (int32_t d = 0; d < rank; ++d) {
            task->strides[k][d] = operands.integer(kStridesCounter + input, d);
            reach += operands.product(task->shape[d] - 1, task->strides[k][d]);
          }
          if (k > 0) task->in[k - 1] = static_cast<const T*>(operands.elements(input, reach));
        }
        task->state = static_cast<const double*>(operands.elements(0, 3));
        task->y = static_cast<T*>(operands.elements(task->kStrides, task->n));
        task->name = operands.instruction().name;
        task->nanoseconds = nanoseconds_of(cost, operands.dtype(), task->n);
        return task;
      });
}

}  // namespace

Task* prepare_standard_gamma(const Operands& operands, const Table&, TaskStore& store) {
  return prepare<StandardGamma>(operands, store, Cost::gamma);
}

Task* prepare_log_standard_gamma(const Operands& operands, const Table&, TaskStore& store) {
  return prepare<LogStandardGamma>(operands, store, Cost::gamma);
}

Task* prepare_poisson(const Operands& operands, const Table&, TaskStore& store) {
  return prepare<Poisson>(operands, store, Cost::count);
}

Task* prepare_binomial(const Operands& operands, const Table&, TaskStore& store) {
  return prepare<Binomial>(operands, store, Cost::count);
}

}  // namespace thalweg
