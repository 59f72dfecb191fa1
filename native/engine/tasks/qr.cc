#include <cstddef>

#include "../costs.h"
#include "../dtypes.h"
#include "../operands.h"
#include "../task.h"
#include "householder.h"
#include "linear-algebra.h"

namespace thalweg {
namespace {

using describing::kQr;

template <typename T>
class QrTask final : public Task {
 public:
  int64_t count, m, n;
  const T* x;
  T* y;

  int64_t scratch_bytes(int32_t threads) const override { return threads * scratch_of_one(); }

  // The threads share the matrices.
  void run(const Team& team, void* scratch, Failure) const override {
    auto* const own =
        reinterpret_cast<double*>(static_cast<std::byte*>(scratch) + team.rank * scratch_of_one());
    const Range mine = share(count, team);
    for (int64_t s = mine.begin; s < mine.end; ++s) one(x + s * m * n, y + s * (m + n) * n, own);
  }

 private:
  int64_t scratch_of_one() const {
    return ((m + 2) * n + m + 7) / 8 * 8 * static_cast<int64_t>(sizeof(double));
  }

  void one(const T* from, T* q, double* elements) const {
    const Reflections reflections{m, n, elements, elements + m * n};
    double* const scales = reflections.tau + n;  // of each column, so that none is lost beside a larger one
    for (int64_t j = 0; j < n; ++j) scales[j] = reflections.load(j, from + j);
    for (int64_t k = 0; k < n; ++k) reflections.reflect(k);
    T* const r = q + m * n;
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        r[i * n + j] = i > j ? T(0) : static_cast<T>(reflections.column(j)[i] / scales[j]);
      }
    }
    double* const vector = scales + n;
    for (int64_t j = 0; j < n; ++j) {
      std::fill_n(vector, m, 0.0);
      vector[j] = 1;
      reflections.apply_all(vector);
      for (int64_t i = 0; i < m; ++i) q[i * n + j] = static_cast<T>(vector[i]);
    }
  }
};

}  // namespace

// 2·n²·(m − n/3) for R, as much for Q.
double qr_flops(const Operands& operands) {
  const Named<kQr> named(operands);
  const auto m = static_cast<double>(named.size("m"));
  const auto n = static_cast<double>(named.size("n"));
  return static_cast<double>(named.size("S")) * std::floor(4 * n * n * (m - n / 3) + 0.5);
}

Task* prepare_qr(const Operands& operands, const Table&, TaskStore& store) {
  return visit_types<float, double>(
      operands, operands.dtype(), [&]<typename T>(std::type_identity<T>) -> Task* {
        const Named<kQr> named(operands);
        auto* task = store.make<QrTask<T>>();
        task->count = named.size("S");
        task->m = named.size("m");
        task->n = named.size("n");
        if (task->m < task->n) named.fail("ERR_SHAPE", "fewer rows than columns");
        const int64_t columns = operands.product(task->count, task->n);
        task->x = named.template read<T>("x", operands.product(columns, task->m));
        task->y = named.template write<T>("y", operands.product(columns, task->m + task->n));
        const auto n = static_cast<double>(task->n);
        const double work = static_cast<double>(columns) * n * static_cast<double>(task->m);
        task->nanoseconds = nanoseconds_of(Cost::lu, DType::float64, 2 * work) +
                            nanoseconds_of(Cost::matrix, kDType<T>, task->count);
        return columns == 0 ? nullptr : task;
      });
}

}  // namespace thalweg
