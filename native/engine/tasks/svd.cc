// Reflections with exchanged columns make x [m, n] triangular: x = Q·R·Pᵀ. Rotations of pairs of R's rows
// make these orthogonal: G·R = σ·Wᵀ (one-sided Jacobi; Drmač and Veselić 2008, "New fast and accurate Jacobi
// SVD algorithm"). So x = (Q·Gᵀ)·σ·(P·W)ᵀ. Small singular values are as exact as the matrix says them. Each
// column of x, and later each row of R, has a power of 2 of its own, so that no square overflows or vanishes.
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>

#include "../costs.h"
#include "../dtypes.h"
#include "../operands.h"
#include "../task.h"
#include "householder.h"
#include "linear-algebra.h"

namespace thalweg {
namespace {

using describing::kPinv;
using describing::kSvd;

enum class SvdResult : int32_t { done, not_finite, not_converged };

constexpr int32_t kSweeps = 60;
// Rows whose product is at most this much of their lengths' count as orthogonal.
constexpr double kOrthogonal = 0x1p-51;
// Rows whose sum of squares leaves [1/this, this] are scaled again.
constexpr double kMostSquares = 0x1p100;
// Of rows that are 2^this apart or more, a rotation leaves the larger one as it is.
constexpr int kMostApart = 500;
// As kEighLargest: of equal components the first counts as the largest, however they were rounded.
constexpr double kLargest = 1 - 0x1p-10;

// fraction · 2^exponent ≥ 0, with a fraction in [0.5, 1) or 0: beyond the range of double.
struct Wide {
  double fraction;
  int exponent;

  static Wide of(double x, int exponent) {
    int own = 0;
    const double fraction = std::frexp(x, &own);
    return {fraction, own + exponent};
  }
  bool operator<(const Wide& other) const {
    if (fraction == 0 || other.fraction == 0 || exponent == other.exponent) return fraction < other.fraction;
    return exponent < other.exponent;
  }
};

// The decomposition of one matrix, in double.
class Svd {
 public:
  static int64_t doubles(int64_t m, int64_t n) { return m * n + 2 * n * n + 5 * n + m; }

  Svd(int64_t m, int64_t n, double* memory)
      : m_(m),
        n_(n),
        q_{m, n, memory, memory + m * n},
        rows_(q_.tau + n),
        turns_(rows_ + n * n),
        lengths_(turns_ + n * n),
        exponents_(lengths_ + n),
        order_(exponents_ + n),
        places_(order_ + n),
        vector_(places_ + n) {}

  template <typename T>
  SvdResult decompose(const T* x) {
    for (int64_t i = 0; i < m_ * n_; ++i) {
      if (!std::isfinite(x[i])) return SvdResult::not_finite;
    }
    for (int64_t j = 0; j < n_; ++j) exponents_[j] = -std::ilogb(q_.load(j, x + j));
    make_triangular();
    std::fill_n(turns_, n_ * n_, 0.0);
    for (int64_t i = 0; i < n_; ++i) turns_[i * n_ + i] = 1;
    bool turned = true;
    for (int32_t sweep = 0; turned; ++sweep) {
      if (sweep == kSweeps) return SvdResult::not_converged;
      turned = turn_all();
    }
    finish();
    return SvdResult::done;
  }

  // σ_k, descending.
  double value(int64_t k) const { return std::ldexp(lengths_[at(k)], exponent(at(k))); }

  // u_k [m], whose first largest component is positive, and v_k [n]; in memory that the next call overwrites.
  struct Vectors {
    const double* u;
    const double* v;
    double sign;
  };
  Vectors vectors(int64_t k) {
    std::copy_n(turns_ + at(k) * n_, n_, vector_);
    std::fill_n(vector_ + n_, m_ - n_, 0.0);
    q_.apply_all(vector_);
    double largest = 0;
    for (int64_t i = 0; i < m_; ++i) largest = std::max(largest, std::abs(vector_[i]));
    int64_t first = 0;
    while (first + 1 < m_ && std::abs(vector_[first]) < kLargest * largest) ++first;
    return {vector_, rows_ + at(k) * n_, vector_[first] < 0 ? -1.0 : 1.0};
  }

 private:
  int64_t m_, n_;
  Reflections q_;
  double* rows_;       // R, and in the end Wᵀ·Pᵀ, [n, n]
  double* turns_;      // G [n, n]
  double* lengths_;    // of the rows; squared until the end
  double* exponents_;  // of what the columns of x, and later the rows, are to be multiplied with: powers of 2
  double* order_;      // the rows, the longest first
  double* places_;     // where each column of R is in x
  double* vector_;     // [m]

  int64_t at(int64_t k) const { return static_cast<int64_t>(order_[k]); }
  double* row(int64_t i) const { return rows_ + i * n_; }
  int exponent(int64_t i) const { return static_cast<int>(exponents_[i]); }

  void make_triangular() {
    for (int64_t j = 0; j < n_; ++j) places_[j] = static_cast<double>(j);
    for (int64_t k = 0; k < n_; ++k) {
      int64_t best = k;
      Wide longest = squares_below(k, k);
      for (int64_t j = k + 1; j < n_; ++j) {
        const Wide length = squares_below(k, j);
        if (longest < length) {
          longest = length;
          best = j;
        }
      }
      if (best != k) {
        std::swap_ranges(q_.column(k), q_.column(k) + m_, q_.column(best));
        std::swap(places_[k], places_[best]);
        std::swap(exponents_[k], exponents_[best]);
      }
      q_.reflect(k);
    }
    load_rows();
  }

  // Σ x² of column j from row k on.
  Wide squares_below(int64_t k, int64_t j) const {
    double* const x = q_.column(j) + k;
    const double squares = dot(x, x, m_ - k);
    if (squares >= kLeastSquares) return Wide::of(squares, 2 * exponent(j));
    const double scale = scale_to_1(x, m_ - k);
    double sum = 0;
    for (int64_t i = 0; i < m_ - k; ++i) sum += (x[i] * scale) * (x[i] * scale);
    return Wide::of(sum, 2 * (exponent(j) - std::ilogb(scale)));
  }

  // R as rows, each with the exponent of its diagonal element, the largest but for rounding.
  void load_rows() {
    for (int64_t i = 0; i < n_; ++i) {
      const double diagonal = q_.column(i)[i];
      const int own = diagonal == 0 ? 0 : std::ilogb(diagonal) + exponent(i);
      std::fill_n(row(i), i, 0.0);
      for (int64_t j = i; j < n_; ++j) row(i)[j] = std::ldexp(q_.column(j)[i], exponent(j) - own);
      exponents_[i] = own;
    }
  }

  // One rotation of each pair of rows that needs it. Whether there was one.
  bool turn_all() {
    for (int64_t i = 0; i < n_; ++i) measure(i);
    bool turned = false;
    for (int64_t i = 0; i < n_; ++i) {
      for (int64_t j = i + 1; j < n_; ++j) turned = turn(i, j) || turned;
    }
    return turned;
  }

  void measure(int64_t i) {
    lengths_[i] = dot(row(i), row(i), n_);
    if (lengths_[i] >= 1 / kMostSquares && lengths_[i] <= kMostSquares) return;
    const double scale = scale_to_1(row(i), n_);
    if (scale == 1) return;
    for (int64_t j = 0; j < n_; ++j) row(i)[j] *= scale;
    exponents_[i] -= std::ilogb(scale);
    lengths_[i] = dot(row(i), row(i), n_);
  }

  bool turn(int64_t i, int64_t j) {
    const double product = dot(row(i), row(j), n_);
    if (std::abs(product) <= kOrthogonal * std::sqrt(lengths_[i]) * std::sqrt(lengths_[j])) return false;
    const int apart = std::clamp(exponent(j) - exponent(i), -kMostApart, kMostApart);
    const double up = std::ldexp(1.0, apart);
    const double down = std::ldexp(1.0, -apart);
    const double ratio = (lengths_[j] * up - lengths_[i] * down) / (2 * product);
    const double tangent = std::copysign(1.0, ratio) / (std::abs(ratio) + std::hypot(1.0, ratio));
    const double cosine = 1 / std::hypot(1.0, tangent);
    const double sine = tangent * cosine;
    rotate(row(i), row(j), cosine, sine * up, sine * down);
    rotate(turns_ + i * n_, turns_ + j * n_, cosine, sine, sine);
    measure(i);
    measure(j);
    return true;
  }

  // x ← cosine·x − of_y·y, y ← of_x·x + cosine·y
  void rotate(double* x, double* y, double cosine, double of_y, double of_x) const {
#pragma omp simd
    for (int64_t k = 0; k < n_; ++k) {
      const double a = x[k];
      const double b = y[k];
      x[k] = cosine * a - of_y * b;
      y[k] = of_x * a + cosine * b;
    }
  }

  // Rows to vectors of length 1, and their columns to where they are in x.
  void finish() {
    for (int64_t i = 0; i < n_; ++i) {
      order_[i] = static_cast<double>(i);
      const double length = std::sqrt(lengths_[i]);
      if (length > 0) {
        for (int64_t j = 0; j < n_; ++j) row(i)[j] /= length;
      }
      const Wide value = Wide::of(length, exponent(i));
      lengths_[i] = value.fraction;
      exponents_[i] = value.exponent;
    }
    const auto value_of = [&](double i) {
      return Wide{lengths_[static_cast<int64_t>(i)], exponent(static_cast<int64_t>(i))};
    };
    // By insertion: std::stable_sort would allocate.
    for (int64_t i = 1; i < n_; ++i) {
      const double own = order_[i];
      int64_t k = i;
      for (; k > 0 && value_of(order_[k - 1]) < value_of(own); --k) order_[k] = order_[k - 1];
      order_[k] = own;
    }
    for (int64_t k = 0; k < n_; ++k) {
      if (lengths_[at(k)] == 0) complete(k);
    }
    for (int64_t i = 0; i < n_; ++i) {
      for (int64_t j = 0; j < n_; ++j) vector_[static_cast<int64_t>(places_[j])] = row(i)[j];
      std::copy_n(vector_, n_, row(i));
    }
  }

  // The k-th row, of which the matrix says nothing: any of length 1 that is orthogonal to those before.
  void complete(int64_t k) {
    double* const own = row(at(k));
    double length = 0;
    for (int64_t axis = 0; length < 0.5 / std::sqrt(static_cast<double>(n_)); ++axis) {
      std::fill_n(own, n_, 0.0);
      own[axis % n_] = 1;
      for (int32_t again = 0; again < 2; ++again) {
        for (int64_t j = 0; j < k; ++j) add_scaled(own, row(at(j)), -dot(own, row(at(j)), n_), n_);
      }
      length = std::sqrt(dot(own, own, n_));
    }
    for (int64_t j = 0; j < n_; ++j) own[j] /= length;
  }
};

// What both instructions have in common.
template <typename T>
class SvdStackTask : public Task {
 public:
  const char* name;
  int64_t count, m, n;
  const T* x;

  int64_t scratch_bytes(int32_t threads) const override { return threads * scratch_of_one(); }

  // The threads share the matrices.
  void run(const Team& team, void* scratch, Failure failure) const override {
    auto* const own =
        reinterpret_cast<double*>(static_cast<std::byte*>(scratch) + team.rank * scratch_of_one());
    const Range mine = share(count, team);
    for (int64_t s = mine.begin; s < mine.end; ++s) {
      Svd svd(m, n, own);
      const SvdResult result = svd.decompose(x + s * m * n);
      if (result != SvdResult::done) return failure.report(s * kResults + static_cast<int64_t>(result));
      write(s, svd);
    }
  }

  void explain(int64_t position) const override {
    const bool is_finite = position % kResults != static_cast<int64_t>(SvdResult::not_finite);
    const std::string which = "matrix " + std::to_string(position / kResults);
    throw Error("ERR_VALUE",
                std::string(name) + (is_finite ? ": no convergence for " + which
                                               : ": expected finite numbers: " + which + " has NaN or ±∞"));
  }

  static constexpr int64_t kResults = 4;  // more than SvdResult has

 protected:
  virtual void write(int64_t s, Svd& svd) const = 0;
  ~SvdStackTask() = default;

 private:
  int64_t scratch_of_one() const {
    return (Svd::doubles(m, n) + 7) / 8 * 8 * static_cast<int64_t>(sizeof(double));
  }
};

template <typename T>
class SvdTask final : public SvdStackTask<T> {
 public:
  T* y;

 private:
  void write(int64_t s, Svd& svd) const override {
    const int64_t m = this->m;
    const int64_t n = this->n;
    T* const values = y + s * (m + n + 1) * n;
    T* const u = values + n;
    T* const v = u + m * n;
    for (int64_t k = 0; k < n; ++k) {
      values[k] = static_cast<T>(svd.value(k));
      const Svd::Vectors own = svd.vectors(k);
      for (int64_t i = 0; i < m; ++i) u[i * n + k] = static_cast<T>(own.sign * own.u[i]);
      for (int64_t j = 0; j < n; ++j) v[j * n + k] = static_cast<T>(own.sign * own.v[j]);
    }
  }
};

template <typename T>
class PinvTask final : public SvdStackTask<T> {
 public:
  double atol, rtol;
  T* y;

  // The sums are of T: those of double would need a matrix of their own.
 private:
  void write(int64_t s, Svd& svd) const override {
    const int64_t m = this->m;
    const int64_t n = this->n;
    T* const to = y + s * m * n;
    std::fill_n(to, m * n, T(0));
    const double least = std::max(atol, rtol * svd.value(0));
    for (int64_t k = 0; k < n && svd.value(k) > least; ++k) {
      const Svd::Vectors own = svd.vectors(k);
      for (int64_t j = 0; j < n; ++j) {
        const double factor = own.v[j] / svd.value(k);
        for (int64_t i = 0; i < m; ++i) to[j * m + i] += static_cast<T>(factor * own.u[i]);
      }
    }
  }
};

template <template <typename> typename Of, typename T, const Layout& L>
Of<T>* make_svd(const Named<L>& named, const Operands& operands, TaskStore& store) {
  auto* task = store.make<Of<T>>();
  task->name = operands.instruction().name;
  task->count = named.size("S");
  task->m = named.size("m");
  task->n = named.size("n");
  if (task->m < task->n) named.fail("ERR_SHAPE", "fewer rows than columns");
  if (task->n >= (int64_t{1} << 20)) named.fail("ERR_SHAPE", "a matrix larger than 2^20");
  if (task->count >= (int64_t{1} << Failure::kPositionBits) / SvdStackTask<T>::kResults) {
    named.fail("ERR_SHAPE", "more than 2^34 matrices");
  }
  const int64_t columns = operands.product(task->count, task->n);
  task->x = named.template read<T>("x", operands.product(columns, task->m));
  const auto n = static_cast<double>(task->n);
  task->nanoseconds = nanoseconds_of(Cost::svd, kDType<T>,
                                     static_cast<double>(columns) * n * (n + static_cast<double>(task->m))) +
                      nanoseconds_of(Cost::matrix, kDType<T>, task->count);
  return task;
}

}  // namespace

// 6 sweeps or so, of n²/2 pairs with 6·n for each of two rotations and 6·n for their lengths; 4·m·n² for Q
// and R.
double svd_flops(const Operands& operands) {
  const Named<kSvd> named(operands);
  const auto m = static_cast<double>(named.size("m"));
  const auto n = static_cast<double>(named.size("n"));
  return static_cast<double>(named.size("S")) * n * n * (54 * n + 4 * m);
}

double pinv_flops(const Operands& operands) {
  const Named<kPinv> named(operands);
  const auto m = static_cast<double>(named.size("m"));
  const auto n = static_cast<double>(named.size("n"));
  return static_cast<double>(named.size("S")) * n * n * (54 * n + 6 * m);
}

Task* prepare_svd(const Operands& operands, const Table&, TaskStore& store) {
  return visit_types<float, double>(
      operands, operands.dtype(), [&]<typename T>(std::type_identity<T>) -> Task* {
        const Named<kSvd> named(operands);
        auto* task = make_svd<SvdTask, T>(named, operands, store);
        const int64_t columns = operands.product(task->count, task->n);
        task->y = named.template write<T>("y", operands.product(columns, task->m + task->n + 1));
        return columns == 0 ? nullptr : task;
      });
}

Task* prepare_pinv(const Operands& operands, const Table&, TaskStore& store) {
  return visit_types<float, double>(
      operands, operands.dtype(), [&]<typename T>(std::type_identity<T>) -> Task* {
        const Named<kPinv> named(operands);
        auto* task = make_svd<PinvTask, T>(named, operands, store);
        task->atol = named.number("atol");
        task->rtol = named.number("rtol");
        const int64_t elements = operands.product(operands.product(task->count, task->n), task->m);
        task->y = named.template write<T>("y", elements);
        return elements == 0 ? nullptr : task;
      });
}

}  // namespace thalweg
