// y [rows, n] = softmax of each row of x [rows, n]: eˣ⁻ᵐ/Σ eˣ⁻ᵐ, m the row's largest value;
// log_softmax: x − m − log Σ eˣ⁻ᵐ. y may be x.
//
// A row that holds a NaN or only −∞ gives NaN by itself: x − m is NaN there, and so is the sum.
#include "rows.h"

#include "isa/fill.h"
#include "isa/tuning.h"
#include "math.h"

namespace thalweg::THALWEG_ISA {
namespace {

enum class Form { softmax, log_softmax };

// --- short rows ----------------------------------------------------------------------------------

// Rows [0, count) of x, at most L, each of n values: transposed into `tile` [n, L], then all vectors
// are full for any n, and no lane needs another.
template <typename T, Form kForm, int64_t L>
THALWEG_INLINE void short_rows(int64_t count, int64_t n, const T* x, T* y) {
  T tile[Tuning::short_row * L], largest[L], total[L];
  for (int64_t r = 0; r < L; ++r) {
    const T* row = x + (r < count ? r : 0) * n;
    for (int64_t i = 0; i < n; ++i) tile[i * L + r] = row[i];
  }
#pragma omp simd
  for (int64_t r = 0; r < L; ++r) {
    largest[r] = tile[r];
    total[r] = 0;
  }
  for (int64_t i = 1; i < n; ++i) {
    const T* values = tile + i * L;
#pragma omp simd
    for (int64_t r = 0; r < L; ++r) largest[r] = values[r] > largest[r] ? values[r] : largest[r];
  }
  for (int64_t i = 0; i < n; ++i) {
    T* values = tile + i * L;
#pragma omp simd
    for (int64_t r = 0; r < L; ++r) {
      const T shifted = values[r] - largest[r];
      const T power = exp_(shifted);
      values[r] = kForm == Form::softmax ? power : shifted;
      total[r] += power;
    }
  }
  if constexpr (kForm == Form::log_softmax) {
#pragma omp simd
    for (int64_t r = 0; r < L; ++r) total[r] = log_(total[r]);
  }
  for (int64_t i = 0; i < n; ++i) {
    T* values = tile + i * L;
#pragma omp simd
    for (int64_t r = 0; r < L; ++r) {
      values[r] = kForm == Form::softmax ? values[r] / total[r] : values[r] - total[r];
    }
  }
  for (int64_t r = 0; r < count; ++r) {
    for (int64_t i = 0; i < n; ++i) y[r * n + i] = tile[i * L + r];
  }
}

// --- long rows -----------------------------------------------------------------------------------

// The lanes in which a long row is summed.
template <typename T>
constexpr int64_t kBlock = Tuning::block_bytes / static_cast<int64_t>(sizeof(T));

template <typename T>
THALWEG_INLINE T largest_of(const T* x, int64_t n) {
  T lane[kBlock<T>];
  for (int64_t l = 0; l < kBlock<T>; ++l) lane[l] = x[0];
  int64_t i = 0;
  for (; i + kBlock<T> <= n; i += kBlock<T>) {
#pragma omp simd
    for (int64_t l = 0; l < kBlock<T>; ++l) lane[l] = x[i + l] > lane[l] ? x[i + l] : lane[l];
  }
  T largest = lane[0];
  for (int64_t l = 1; l < kBlock<T>; ++l) largest = lane[l] > largest ? lane[l] : largest;
  for (; i < n; ++i) largest = x[i] > largest ? x[i] : largest;
  return largest;
}

// lane[l] += e^(x[l] − largest), and y ← that power where it is asked for.
template <typename T, Form kForm>
THALWEG_INLINE void add_powers(const T* x, T largest, T* lane, T* y) {
#pragma omp simd
  for (int64_t l = 0; l < kBlock<T>; ++l) {
    const T power = exp_(x[l] - largest);
    if constexpr (kForm == Form::softmax) y[l] = power;
    lane[l] += power;
  }
}

template <typename T>
THALWEG_INLINE double sum_of_lanes(const T* lane) {
  double total = 0;
  for (int64_t l = 0; l < kBlock<T>; ++l) total += lane[l];
  return total;
}

// Σ e^(x − largest). The lanes go into a double every few blocks: a float32 sum of a long row is as exact as
// that of a short one.
template <typename T, Form kForm>
THALWEG_INLINE T sum_of_powers(const T* x, int64_t n, T largest, T* y) {
  constexpr int64_t B = kBlock<T>;
  constexpr int64_t kRun = Tuning::run_blocks * B;
  double total = 0;
  int64_t i = 0;
  while (i + B <= n) {
    T lane[B] = {};
    const int64_t end = n - i < kRun ? n : i + kRun;
    for (; i + B <= end; i += B) add_powers<T, kForm>(x + i, largest, lane, y + i);
    total += sum_of_lanes(lane);
  }
  if (i < n) {
    T lane[B] = {}, rest[B];
    for (int64_t l = 0; l < B; ++l) rest[l] = i + l < n ? x[i + l] : -static_cast<T>(__builtin_huge_val());
    add_powers<T, kForm>(rest, largest, lane, rest);
    for (int64_t l = 0; i + l < n; ++l) {
      if constexpr (kForm == Form::softmax) y[i + l] = rest[l];
      total += lane[l];
    }
  }
  return static_cast<T>(total);
}

template <typename T, Form kForm>
void long_row(int64_t n, const T* x, T* y) {
  const T largest = largest_of(x, n);
  const T total = sum_of_powers<T, kForm>(x, n, largest, y);
  if constexpr (kForm == Form::softmax) {
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) y[i] = y[i] / total;
  } else {
    const T log_total = log_(total);
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - largest) - log_total;
  }
}

template <Form kForm>
struct Softmax {
  template <typename T>
  static void run(int64_t rows, int64_t n, const void* in, void* out) {
    constexpr int64_t L = kBlock<T>;
    const T* x = static_cast<const T*>(in);
    T* y = static_cast<T*>(out);
    if (n <= 0) return;
    for (int64_t r = 0; r < rows && n > Tuning::short_row; ++r) long_row<T, kForm>(n, x + r * n, y + r * n);
    for (int64_t r = 0; r < rows && n <= Tuning::short_row; r += L) {
      short_rows<T, kForm, L>(rows - r < L ? rows - r : L, n, x + r * n, y + r * n);
    }
  }
};

// --- the functors, each with the name of its row in rows.h ---------------------------------------

namespace op {
struct softmax : Softmax<Form::softmax> {};
struct log_softmax : Softmax<Form::log_softmax> {};
}  // namespace op

}  // namespace

void add_rows(Table& table) {
#define THALWEG_X(name, ...) add_member<op::name, Rows::name>(table.rows);
  THALWEG_ROWS(THALWEG_X)
#undef THALWEG_X
}

}  // namespace thalweg::THALWEG_ISA
