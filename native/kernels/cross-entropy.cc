#include "cross-entropy.h"

#include "isa/namespace.h"
#include "math.h"

namespace thalweg::THALWEG_ISA {
namespace {

// Rows are taken in blocks that lie in the first-level cache; a block's exponentials are one long loop, so
// that short rows fill whole vectors too.
constexpr int64_t kBlock = 1024;

template <typename T>
T largest(const T* y, int64_t n) {
  T top = y[0];
  for (int64_t j = 1; j < n; ++j) top = y[j] > top || y[j] != y[j] ? y[j] : top;
  return top;
}

// One row, of any length: e^(y − largest) goes to `powers` if the row fits there, else is computed twice.
template <typename T>
void row(const CrossEntropyCall<T>& call, int64_t r, T top, const T* powers) {
  const int64_t n = call.n;
  const T* y = call.y + r * n;
  T sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t j = 0; j < n; ++j) sum += powers[j];
  const int32_t t = call.target[r];
  if (call.loss != nullptr) call.loss[r] = log_(sum) - (y[t] - top);
  if (call.slope == nullptr) return;
  T* slope = call.slope + r * n;
  const T factor = call.d[r] / sum;
#pragma omp simd
  for (int64_t j = 0; j < n; ++j) slope[j] = factor * powers[j];
  slope[t] -= call.d[r];
}

template <typename T>
int64_t short_rows(const CrossEntropyCall<T>& call, int64_t begin, int64_t end) {
  alignas(64) T powers[kBlock];
  alignas(64) T tops[kBlock];
  const int64_t n = call.n;
  const int64_t rows_a_block = kBlock / n;
  int64_t bad = -1;
  for (int64_t r0 = begin; r0 < end; r0 += rows_a_block) {
    const int64_t rows = end - r0 < rows_a_block ? end - r0 : rows_a_block;
    for (int64_t r = 0; r < rows; ++r) {
      const T* y = call.y + (r0 + r) * n;
      tops[r] = largest(y, n);
      for (int64_t j = 0; j < n; ++j) powers[r * n + j] = y[j] - tops[r];
    }
#pragma omp simd
    for (int64_t i = 0; i < rows * n; ++i) powers[i] = exp_(powers[i]);
    for (int64_t r = 0; r < rows; ++r) {
      const int32_t t = call.target[r0 + r];
      if (t < 0 || t >= n) {
        if (bad < 0) bad = r0 + r;
        continue;
      }
      row(call, r0 + r, tops[r], static_cast<const T*>(powers + r * n));
    }
  }
  return bad;
}

template <typename T>
int64_t long_rows(const CrossEntropyCall<T>& call, int64_t begin, int64_t end) {
  const int64_t n = call.n;
  int64_t bad = -1;
  for (int64_t r = begin; r < end; ++r) {
    const int32_t t = call.target[r];
    if (t < 0 || t >= n) {
      if (bad < 0) bad = r;
      continue;
    }
    const T* y = call.y + r * n;
    const T top = largest(y, n);
    T sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < n; ++j) sum += exp_(y[j] - top);
    if (call.loss != nullptr) call.loss[r] = log_(sum) - (y[t] - top);
    if (call.slope == nullptr) continue;
    T* slope = call.slope + r * n;
    const T factor = call.d[r] / sum;
#pragma omp simd
    for (int64_t j = 0; j < n; ++j) slope[j] = factor * exp_(y[j] - top);
    slope[t] -= call.d[r];
  }
  return bad;
}

template <typename T>
int64_t cross_entropy(const CrossEntropyCall<T>& call, int64_t begin, int64_t end) {
  return call.n <= kBlock ? short_rows(call, begin, end) : long_rows(call, begin, end);
}

}  // namespace

void add_cross_entropy(Table& table) {
  table.cross_entropy_f32 = cross_entropy<float>;
  table.cross_entropy_f64 = cross_entropy<double>;
}

}  // namespace thalweg::THALWEG_ISA
