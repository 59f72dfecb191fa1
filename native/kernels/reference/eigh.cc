// The naive twin of ../eigh.cc: cyclic Jacobi rotations in double, straight from the definition.
#include "../eigh.h"

#include <math.h>

#include "../isa/namespace.h"

namespace thalweg::THALWEG_ISA {
namespace {

// Rows and columns p and q of A, and columns p and q of V, rotated so that A[p][q] = 0.
void rotate(double* a, double* v, int64_t n, int64_t p, int64_t q) {
  const double theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
  const double tangent = (theta < 0 ? -1 : 1) / (fabs(theta) + hypot(theta, 1));
  const double cosine = 1 / hypot(tangent, 1);
  const double sine = tangent * cosine;
  const auto turn = [&](double& x, double& y) {
    const double before = x;
    x = cosine * before - sine * y;
    y = sine * before + cosine * y;
  };
  for (int64_t k = 0; k < n; ++k) turn(a[k * n + p], a[k * n + q]);
  for (int64_t k = 0; k < n; ++k) turn(a[p * n + k], a[q * n + k]);
  for (int64_t k = 0; k < n; ++k) turn(v[k * n + p], v[k * n + q]);
  a[p * n + q] = a[q * n + p] = 0;
}

// Whether a sweep over all pairs found one to rotate.
bool sweep(double* a, double* v, int64_t n) {
  bool rotated = false;
  for (int64_t p = 0; p < n; ++p) {
    for (int64_t q = p + 1; q < n; ++q) {
      const double least = 0x1p-53 * sqrt(fabs(a[p * n + p])) * sqrt(fabs(a[q * n + q]));
      if (fabs(a[p * n + q]) <= least || fabs(a[p * n + q]) < 0x1p-1000) continue;
      rotate(a, v, n, p, q);
      rotated = true;
    }
  }
  return rotated;
}

double sign_of(const double* v, int64_t n, int64_t column) {
  double largest = 0;
  for (int64_t k = 0; k < n; ++k) largest = fmax(largest, fabs(v[k * n + column]));
  int64_t k = 0;
  while (fabs(v[k * n + column]) < kEighLargest * largest) ++k;
  return v[k * n + column] < 0 ? -1 : 1;
}

template <typename T>
EighResult eigh_by_jacobi(const EighCall<T>& call) {
  const int64_t n = call.n;
  auto* const a = static_cast<double*>(call.scratch);
  double* const v = a + n * n;
  double largest = 0;
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      a[i * n + j] = static_cast<double>(call.x[i * n + j]) / 2 + static_cast<double>(call.x[j * n + i]) / 2;
      v[i * n + j] = i == j ? 1 : 0;
      if (!isfinite(a[i * n + j])) return EighResult::not_finite;
      largest = fmax(largest, fabs(a[i * n + j]));
    }
  }
  int exponent = 0;
  frexp(largest, &exponent);
  for (int64_t i = 0; i < n * n; ++i) a[i] = ldexp(a[i], -exponent);
  int64_t sweeps = kEighSteps;
  while (sweep(a, v, n)) {
    if (sweeps-- == 0) return EighResult::not_converged;
  }
  // The smallest value that is left goes to the front.
  for (int64_t j = 0; j < n; ++j) {
    int64_t least = j;
    for (int64_t i = j + 1; i < n; ++i) least = a[i * n + i] < a[least * n + least] ? i : least;
    const auto exchange = [](double& x, double& y) {
      const double before = x;
      x = y;
      y = before;
    };
    exchange(a[j * n + j], a[least * n + least]);
    for (int64_t k = 0; k < n; ++k) exchange(v[k * n + j], v[k * n + least]);
    call.values[j] = static_cast<T>(ldexp(a[j * n + j], exponent));
    if (call.vectors == nullptr) continue;
    const double sign = sign_of(v, n, j);
    for (int64_t k = 0; k < n; ++k) call.vectors[k * n + j] = static_cast<T>(sign * v[k * n + j]);
  }
  return EighResult::done;
}

int64_t scratch_of(int64_t n) { return 2 * n * n * static_cast<int64_t>(sizeof(double)); }

}  // namespace

void add_eigh(Table& table) {
  table.eigh = {eigh_by_jacobi<float>, eigh_by_jacobi<double>};
  table.eigh_scratch = {scratch_of, scratch_of};
}

}  // namespace thalweg::THALWEG_ISA
