// Householder reflections make the matrix tridiagonal (eigh-tridiagonal.h), and implicit QL steps make that
// diagonal; their rotations go through Qᵀ (eigh-rotations.h), whose rows are the eigenvectors in the end. As
// EISPACK's tred2 and imtql2, but by rows and vectors.
#include "eigh.h"

#include "eigh-rotations.h"
#include "eigh-tridiagonal.h"
#include "isa/namespace.h"

namespace thalweg::THALWEG_ISA {
namespace {

// --- scratch ---------------------------------------------------------------------------------------

int64_t round_up(int64_t n, int64_t grain) { return (n + grain - 1) / grain * grain; }

// Takes the parts of scratch one after the other, or adds up what they need.
class Parts {
 public:
  explicit Parts(void* memory) : begin_(reinterpret_cast<uintptr_t>(memory)) {}

  template <typename T>
  T* take(int64_t count) {
    T* const part = reinterpret_cast<T*>(begin_ + static_cast<uintptr_t>(used_));
    used_ += round_up(count * static_cast<int64_t>(sizeof(T)), Tuning::cache_line_bytes);
    return part;
  }
  int64_t used() const { return used_; }

 private:
  uintptr_t begin_;
  int64_t used_ = 0;
};

template <typename T>
struct Workspace {
  Tridiagonal<T> parts;
  int64_t* order;
  typename Rotations<T>::Rotation* rotations;
  typename Rotations<T>::Sweep* sweeps;
  int64_t bytes;

  Workspace(int64_t n, void* memory) {
    Parts from(memory);
    const int64_t rows = round_up(n, kGrain<T>);
    const int64_t stride = rows;
    // Qᵀ takes the place of A, in panels.
    T* const a = from.take<T>(rows * round_up(stride, kPanel<T>));
    T* const u = from.take<T>(n * stride);
    T* const tau = from.take<T>(n);
    T* const diagonal = from.take<T>(n);
    T* const beside = from.take<T>(n);
    T* const w = from.take<T>(stride);
    T* const product = from.take<T>(stride);
    parts = {n, stride, a, u, tau, diagonal, beside, w, product, from.take<T>(kLanes<T> * stride)};
    order = from.take<int64_t>(n);
    rotations = from.take<typename Rotations<T>::Rotation>(Rotations<T>::room(n));
    sweeps = from.take<typename Rotations<T>::Sweep>(Rotations<T>::kSweeps);
    bytes = from.used();
  }
};

template <typename T>
int64_t scratch_of(int64_t n) {
  return Workspace<T>(n, nullptr).bytes;
}

// --- the symmetric matrix, scaled --------------------------------------------------------------------

// Whether the reflections should begin at the matrix's first row: they, and QL, keep small eigenvalues of a
// graded matrix more exact where the small elements come first.
template <typename T>
bool is_graded_down(const EighCall<T>& call) {
  return abs_(call.x[0]) > abs_(call.x[call.n * call.n - 1]);
}

// a [n, stride] ← (x + xᵀ)/2 times a power of 2 that brings the largest of x near 1, which is returned; 0
// where x is not finite. Rows and columns in reverse if asked for.
template <typename T>
T load_symmetric(const EighCall<T>& call, bool reversed, const Tridiagonal<T>& to) {
  const int64_t n = call.n;
  const int64_t stride = to.stride;
  T nothing = 0;  // NaN where an element is not finite
#pragma omp simd reduction(+ : nothing)
  for (int64_t i = 0; i < n * n; ++i) nothing += call.x[i] * 0;
  if (nothing != 0) return 0;
  const T largest_to_1 = scale_of(call.x, n * n);
  const T scale = largest_to_1 == 0 ? 1 : largest_to_1;
  for (int64_t i = 0; i < stride * stride; ++i) to.a[i] = 0;
  for (int64_t i = 0; i < n; ++i) {
    const int64_t r = reversed ? n - 1 - i : i;
    for (int64_t j = 0; j <= i; ++j) {
      const int64_t c = reversed ? n - 1 - j : j;
      const T x = call.x[i * n + j] * scale / 2 + call.x[j * n + i] * scale / 2;
      to.a[r * stride + c] = x;
      to.a[c * stride + r] = x;
    }
  }
  return scale;
}

// --- QL ------------------------------------------------------------------------------------------------

// Whether T falls apart between i and i + 1, as LAPACK decides it: so that small eigenvalues next to large
// ones stay exact.
template <typename T>
THALWEG_INLINE bool is_split(const Tridiagonal<T>& t, int64_t i) {
  const T e = t.beside[i];
  const T least = kEpsilon<T> * t.diagonal[i] * (kEpsilon<T> * t.diagonal[i + 1]);
  return e * e <= abs_(least);
}

// Turns (f, g) into (0, length), which may be 0: then there is no rotation.
template <typename T>
struct Turn {
  T cosine, sine, length;

  static inline __attribute__((always_inline)) Turn of(T f, T g) {
    const T square = f * f + g * g;
    if (__builtin_expect(square < MathOf<T>::kSmallestNormal / kEpsilon<T>, 0)) return of_tiny(f, g);
    const T length = sqrt_(square);
    const T reciprocal = length * (1 / square);  // a division that does not wait for the root
    return {g * reciprocal, f * reciprocal, length};
  }

 private:
  // Squares below the normal numbers have lost their digits.
  static Turn of_tiny(T f, T g) {
    const T both[] = {f, g};
    const T scale = scale_of(static_cast<const T*>(both), 2);
    if (scale == 0) return {1, 0, 0};
    f *= scale;
    g *= scale;
    const T length = sqrt_(f * f + g * g);
    return {g / length, f / length, length / scale};
  }
};

// One QL step on rows [l, m] of T, with Wilkinson's shift.
template <typename T, bool kVectors>
void step(const Tridiagonal<T>& t, int64_t l, int64_t m, Rotations<T>& rotations) {
  T* const d = t.diagonal;
  T* const e = t.beside;
  const T half = (d[l + 1] - d[l]) / (2 * e[l]);
  const T root = sqrt_(half * half + 1);
  T g = d[m] - d[l] + e[l] / (half + (half < 0 ? -root : root));
  T sine = 1;
  T cosine = 1;
  T p = 0;
  if constexpr (kVectors) rotations.begin(m);
  for (int64_t i = m - 1; i >= l; --i) {
    const T f = sine * e[i];
    const T b = cosine * e[i];
    const Turn<T> turn = Turn<T>::of(f, g);
    e[i + 1] = turn.length;
    if (turn.length == 0) {  // T falls apart here
      d[i + 1] -= p;
      e[m] = 0;
      if constexpr (kVectors) rotations.end();
      return;
    }
    sine = turn.sine;
    cosine = turn.cosine;
    g = d[i + 1] - p;
    const T r = (d[i] - g) * sine + 2 * cosine * b;
    p = sine * r;
    d[i + 1] = g + p;
    g = cosine * r - b;
    if constexpr (kVectors) rotations.add(cosine, sine);
  }
  if constexpr (kVectors) rotations.end();
  d[l] -= p;
  e[l] = g;
  e[m] = 0;
}

// T becomes diagonal.
template <typename T, bool kVectors>
bool diagonalise(const Tridiagonal<T>& t, Rotations<T>& rotations) {
  int64_t steps = kEighSteps * t.n;
  t.beside[t.n - 1] = 0;
  for (int64_t l = 0; l < t.n; ++l) {
    while (true) {
      int64_t m = l;
      while (m < t.n - 1 && !is_split(t, m)) ++m;
      if (m == l) break;
      if (steps-- == 0) return false;
      step<T, kVectors>(t, l, m, rotations);
    }
  }
  if constexpr (kVectors) rotations.apply();
  return true;
}

// --- results ---------------------------------------------------------------------------------------------

// The panels of Qᵀ, in the place of A.
template <typename T>
void store_q(const Tridiagonal<T>& t) {
  constexpr int64_t P = kPanel<T>;
  for (int64_t r = 0; r < t.n; r += kLanes<T>) {
    const T* const rows = rows_of_q(t, r);
    for (int64_t l = 0; l < kLanes<T> && r + l < t.n; ++l) {
      for (int64_t j = 0; j < t.stride; ++j) {
        t.a[(j / P * t.n + r + l) * P + j % P] = rows[l * t.stride + j];
      }
    }
  }
}

// order ← the positions of the values in ascending order.
template <typename T>
void sort(const T* values, int64_t n, int64_t* order) {
  for (int64_t i = 0; i < n; ++i) {
    int64_t at = i;
    for (; at > 0 && values[order[at - 1]] > values[i]; --at) order[at] = order[at - 1];
    order[at] = i;
  }
}

// Whether that row of Qᵀ has its sign to be changed.
template <typename T>
bool is_negative(const Tridiagonal<T>& t, int64_t row, bool reversed) {
  constexpr int64_t P = kPanel<T>;
  const auto at = [&](int64_t j) { return t.a[(j / P * t.n + row) * P + j % P]; };
  T largest = 0;
  for (int64_t p = 0; p * P < t.n; ++p) {
    const T* const part = t.a + (p * t.n + row) * P;
    const int64_t columns = t.n - p * P < P ? t.n - p * P : P;
    for (int64_t j = 0; j < columns; ++j) largest = abs_(part[j]) > largest ? abs_(part[j]) : largest;
  }
  const T enough = static_cast<T>(kEighLargest) * largest;
  for (int64_t j = 0; j < t.n; ++j) {
    const T x = at(reversed ? t.n - 1 - j : j);
    if (abs_(x) >= enough) return x < 0;
  }
  return false;
}

template <typename T>
void write_vectors(const EighCall<T>& call, const Workspace<T>& from, bool reversed) {
  constexpr int64_t P = kPanel<T>;
  const int64_t n = call.n;
  T* const signs = from.parts.product;
  for (int64_t j = 0; j < n; ++j) signs[j] = is_negative(from.parts, from.order[j], reversed) ? -1 : 1;
  for (int64_t k = 0; k < n; ++k) {
    const T* const column = from.parts.a + k / P * n * P + k % P;
    T* const to = call.vectors + (reversed ? n - 1 - k : k) * n;
    for (int64_t j = 0; j < n; ++j) to[j] = signs[j] * column[from.order[j] * P];
  }
}

template <typename T>
EighResult eigh(const EighCall<T>& call) {
  const Workspace<T> work(call.n, call.scratch);
  const bool reversed = is_graded_down(call);
  const T scale = load_symmetric(call, reversed, work.parts);
  if (scale == 0) return EighResult::not_finite;
  tridiagonalise(work.parts);
  Rotations<T> rotations(call.n, work.parts.a, work.rotations, work.sweeps);
  if (call.vectors != nullptr) store_q(work.parts);
  const bool done = call.vectors != nullptr ? diagonalise<T, true>(work.parts, rotations)
                                            : diagonalise<T, false>(work.parts, rotations);
  if (!done) return EighResult::not_converged;
  sort(work.parts.diagonal, call.n, work.order);
  const T back = 1 / scale;
  for (int64_t j = 0; j < call.n; ++j) call.values[j] = work.parts.diagonal[work.order[j]] * back;
  if (call.vectors != nullptr) write_vectors(call, work, reversed);
  return EighResult::done;
}

}  // namespace

void add_eigh(Table& table) {
  table.eigh = {eigh<float>, eigh<double>};
  table.eigh_scratch = {scratch_of<float>, scratch_of<double>};
}

}  // namespace thalweg::THALWEG_ISA
