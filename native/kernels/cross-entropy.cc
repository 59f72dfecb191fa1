#include "cross-entropy.h"

#include "dot.h"
#include "isa/namespace.h"
#include "math.h"

namespace thalweg::THALWEG_ISA {
namespace {

// A NaN on either side wins.
template <typename V>
inline __attribute__((always_inline)) V larger(V a, V b) {
  return ((b > a) | (b != b)) ? b : a;
}

// One row of many classes.
template <typename T>
void long_row(const CrossEntropyCall<T>& call, int64_t r) {
  alignas(64) T powers[Tuning::kept_powers];
  const int64_t n = call.n;
  const bool fits = n <= Tuning::kept_powers;
  const T* y = call.y + r * n;
  T top = y[0];
  for (int64_t j = 1; j < n; ++j) top = larger(top, y[j]);
  T sum = 0;
  if (fits) {
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < n; ++j) sum += powers[j] = exp_(y[j] - top);
  } else {
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < n; ++j) sum += exp_(y[j] - top);
  }
  const int32_t t = call.target[r];
  if (call.loss != nullptr) call.loss[r] = log_(sum) - (y[t] - top);
  if (call.dy == nullptr) return;
  T* dy = call.dy + r * n;
  const T factor = call.dloss[r] / sum;
  if (fits) {
#pragma omp simd
    for (int64_t j = 0; j < n; ++j) dy[j] = factor * powers[j];
  } else {
#pragma omp simd
    for (int64_t j = 0; j < n; ++j) dy[j] = factor * exp_(y[j] - top);
  }
  dy[t] -= call.dloss[r];
}

// At most kLanes rows of few classes side by side. Each has whole vectors to itself, filled up with e^−∞ = 0;
// those of at most half a vector lie one after the other instead, since powers cost most. What is one number
// a row is computed for all rows at once. The sums are the same either way.
template <typename T>
class ShortRows {
 public:
  static constexpr int64_t L = kLanes<T>;
  static constexpr int64_t kMostClasses = Tuning::kept_powers / L;

  ShortRows(const CrossEntropyCall<T>& call, int64_t begin, int64_t rows)
      : call_(call), begin_(begin), rows_(rows), vectors_((call.n + L - 1) / L) {}

  void run() {
    if (2 * call_.n <= L) {
      stride_ = call_.n;
      raise_adjacent();
    } else {
      stride_ = vectors_ * L;
      shift();
      raise();
    }
    if (call_.loss != nullptr) write_loss();
    if (call_.dy != nullptr) write_dy();
  }

 private:
  T* line(int64_t r) { return powers_ + r * stride_; }
  // Whether a whole vector there ends within these rows.
  bool fits(int64_t r, int64_t v) const { return r * call_.n + (v + 1) * L <= rows_ * call_.n; }

  // The lanes of each row's vector joined, to the same bits for any number of rows.
  template <typename Join>
  void join(const Join& join, Vector<T>* of, T* to) const {
    if (rows_ < Tuning::rows_joined) {
      for (int64_t r = 0; r < rows_; ++r) to[r] = join_own_lanes<T>(join, of[r])[0];
      return;
    }
    for (int64_t r = rows_; r < L; ++r) of[r] = of[0];
    store(to, join_lanes<T>(join, of));
  }

  static constexpr auto larger_of = [](Vector<T> a, Vector<T> b) { return larger(a, b); };
  static constexpr auto sum_of = [](Vector<T> a, Vector<T> b) { return a + b; };

  // The lines ← e^(y − largest), and their sums, for rows of at most half a vector. What is stored beyond the
  // end of a line is overwritten by the next one.
  void raise_adjacent() {
    const FirstLanes<T> first(call_.n);
    const T* y = call_.y + begin_ * call_.n;
    Vector<T> joined[L];
    for (int64_t r = 0; r < rows_; ++r) joined[r] = first.load_or(y + r * call_.n, -__builtin_huge_val());
    join(larger_of, joined, tops_);
    for (int64_t r = 0; r < rows_; ++r) store(line(r), first.load_or(y + r * call_.n, 0) - tops_[r]);
    store(line(rows_), Vector<T>{});
    for (int64_t j = 0; j < rows_ * call_.n; j += L) {
      T* powers = powers_ + j;
#pragma omp simd
      for (int64_t l = 0; l < L; ++l) powers[l] = exp_(powers[l]);
    }
    for (int64_t r = 0; r < rows_; ++r) joined[r] = first.load_or(line(r), 0);
    join(sum_of, joined, sums_);
  }

  // The lines ← y, and what is largest in each.
  void shift() {
    const int64_t last = (vectors_ - 1) * L;
    const FirstLanes<T> first(call_.n - last);
    Vector<T> most[L];
    for (int64_t r = 0; r < rows_; ++r) {
      const T* y = call_.y + (begin_ + r) * call_.n;
      Vector<T> top = first.load_or(y + last, -__builtin_huge_val());
      store(line(r) + last, top);
      for (int64_t j = 0; j < last; j += L) {
        const Vector<T> x = load(y + j);
        store(line(r) + j, x);
        top = larger(top, x);
      }
      most[r] = top;
    }
    join(larger_of, most, tops_);
  }

  // The lines ← e^(line − largest), and their sums.
  void raise() {
    Vector<T> sum[L];
    for (int64_t r = 0; r < rows_; ++r) {
      const T top = tops_[r];
      sum[r] = Vector<T>{};
      for (int64_t v = 0; v < vectors_; ++v) {
        T* powers = line(r) + v * L;
#pragma omp simd
        for (int64_t l = 0; l < L; ++l) powers[l] = exp_(powers[l] - top);
        sum[r] += load(powers);
      }
    }
    join(sum_of, sum, sums_);
  }

  void write_loss() {
    T logs[L];
#pragma omp simd
    for (int64_t r = 0; r < L; ++r) logs[r] = log_(sums_[r]);
    for (int64_t r = 0; r < rows_; ++r) {
      const T y = call_.y[(begin_ + r) * call_.n + call_.target[begin_ + r]];
      call_.loss[begin_ + r] = logs[r] - (y - tops_[r]);
    }
  }

  // Rows in order: a last vector may reach into the next row, which is written after it.
  void write_dy() {
    for (int64_t r = 0; r < rows_; ++r) {
      T* dy = call_.dy + (begin_ + r) * call_.n;
      const T d = call_.dloss[begin_ + r];
      const T factor = d / sums_[r];
      for (int64_t v = 0; v < vectors_; ++v) {
        const Vector<T> x = factor * load(line(r) + v * L);
        if (v < vectors_ - 1 || fits(r, v)) {
          store(dy + v * L, x);
        } else {
          T lanes[L];
          store(static_cast<T*>(lanes), x);
          store_pieces<L / 2>(dy + v * L, static_cast<const T*>(lanes), call_.n - v * L);
        }
      }
      dy[call_.target[begin_ + r]] -= d;
    }
  }

  const CrossEntropyCall<T>& call_;
  int64_t begin_, rows_, vectors_;
  int64_t stride_;  // from one line to the next
  alignas(64) T powers_[Tuning::kept_powers];
  alignas(64) T tops_[L];
  alignas(64) T sums_[L];
};

template <typename T>
int64_t cross_entropy(const CrossEntropyCall<T>& call, int64_t begin, int64_t end) {
  const bool is_short = call.n <= ShortRows<T>::kMostClasses;
  const int64_t most = is_short ? kLanes<T> : 1;
  const auto is_good = [&](int64_t r) { return call.target[r] >= 0 && call.target[r] < call.n; };
  int64_t bad = -1;
  for (int64_t r = begin; r < end;) {
    int64_t rows = 0;
    while (rows < most && r + rows < end && is_good(r + rows)) ++rows;
    if (rows == 0) {
      if (bad < 0) bad = r;
      ++r;
      continue;
    }
    if (is_short) {
      ShortRows<T>(call, r, rows).run();
    } else {
      long_row(call, r);
    }
    r += rows;
  }
  return bad;
}

}  // namespace

void add_cross_entropy(Table& table) { table.cross_entropy = {cross_entropy<float>, cross_entropy<double>}; }

}  // namespace thalweg::THALWEG_ISA
