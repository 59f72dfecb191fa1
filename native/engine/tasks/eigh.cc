#include <algorithm>
#include <cmath>
#include <string>

#include "../costs.h"
#include "../dtypes.h"
#include "../operands.h"
#include "../task.h"
#include "linear-algebra.h"

namespace thalweg {
namespace {

using describing::kEigh;

template <typename T>
class EighTask final : public Task {
 public:
  EighFn<T> kernel;
  bool has_vectors;
  const char* name;
  int64_t count, n, scratch_of_one;
  const T* x;
  T* y;

  // The threads share the matrices.
  void run(const Team& team, void* scratch, Failure failure) const override {
    const int64_t each = has_vectors ? n * (n + 1) : n;
    EighCall<T> call{};
    call.n = n;
    call.scratch = static_cast<std::byte*>(scratch) + team.rank * scratch_of_one;
    const Range mine = share(count, team);
    for (int64_t s = mine.begin; s < mine.end; ++s) {
      call.x = x + s * n * n;
      call.values = y + s * each;
      call.vectors = has_vectors ? call.values + n : nullptr;
      const EighResult result = kernel(call);
      if (result != EighResult::done) return failure.report(s * kResults + static_cast<int64_t>(result));
    }
  }

  int64_t scratch_bytes(int32_t threads) const override { return threads * scratch_of_one; }

  void explain(int64_t position) const override {
    const bool is_finite = position % kResults != static_cast<int64_t>(EighResult::not_finite);
    const std::string which = "matrix " + std::to_string(position / kResults);
    throw Error("ERR_VALUE",
                std::string(name) + (is_finite ? ": no convergence for " + which
                                               : ": expected finite numbers: " + which + " has NaN or ±∞"));
  }

  static constexpr int64_t kResults = 4;  // more than EighResult has
};

}  // namespace

// With vectors: 4/3·n³ for the tridiagonal form, as much for the reflections together, and 6·n for each of
// the n² rotations or so. Without them the form, and 20 for each rotation.
double eigh_flops(const Operands& operands) {
  const Named<kEigh> named(operands);
  const auto n = static_cast<double>(named.size("n"));
  const bool has_vectors = static_cast<Eigh>(operands.instruction().kernel) == Eigh::vectors;
  const double each = n * n * (has_vectors ? 26.0 / 3 * n : 4.0 / 3 * n + 20);
  return static_cast<double>(named.size("S")) * std::floor(each + 0.5);
}

Task* prepare_eigh(const Operands& operands, const Table& table, TaskStore& store) {
  return visit_types<float, double>(
      operands, operands.dtype(), [&]<typename T>(std::type_identity<T>) -> Task* {
        const Named<kEigh> named(operands);
        auto* task = store.make<EighTask<T>>();
        task->kernel = table.eigh.of<T>();
        task->name = operands.instruction().name;
        task->has_vectors = static_cast<Eigh>(operands.instruction().kernel) == Eigh::vectors;
        task->count = named.size("S");
        task->n = named.size("n");
        const int64_t elements = operands.product(task->count, operands.product(task->n, task->n));
        const int64_t values = operands.product(task->count, task->n);
        task->x = named.template read<T>("x", elements);
        task->y = named.template write<T>("y", task->has_vectors ? elements + values : values);
        if (elements == 0) return nullptr;
        if (task->n >= (int64_t{1} << 20)) named.fail("ERR_SHAPE", "a matrix larger than 2^20");
        if (task->count >= (int64_t{1} << Failure::kPositionBits) / EighTask<T>::kResults) {
          named.fail("ERR_SHAPE", "more than 2^34 matrices");
        }
        task->scratch_of_one = table.eigh_scratch.of<T>()(task->n);
        const auto n = static_cast<double>(task->n);
        const Cost cost = task->has_vectors ? Cost::eigh : Cost::eigvalsh;
        task->nanoseconds = nanoseconds_of(cost, kDType<T>, static_cast<double>(task->count) * (n * n * n)) +
                            nanoseconds_of(Cost::matrix, kDType<T>, task->count);
        return task;
      });
}

}  // namespace thalweg
