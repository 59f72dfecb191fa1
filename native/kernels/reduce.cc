// y [outer, inner] = reduction of x [outer, axis, inner] over its middle axis.
//
// Two shapes of loop. A run (inner = 1) reads contiguous values into a few vectors. Columns (inner > 1) go
// down the axis a row at a time. The order within a column does not depend on the other columns: no split of
// the inner range changes a bit.
#include "reduce.h"

#include "isa/fill.h"
#include "math.h"
#include "vector.h"

namespace thalweg::THALWEG_ISA {
namespace {

constexpr int64_t kColumns = Tuning::reduce_columns;

// `of` takes numbers and vectors alike.
struct Plus {
  template <typename T>
  THALWEG_INLINE T of(T a, T x) {
    return a + x;
  }
};
struct Times {
  template <typename T>
  THALWEG_INLINE T of(T a, T x) {
    return a * x;
  }
};
// A NaN replaces any number and nothing replaces a NaN.
struct Largest {
  template <typename T>
  THALWEG_INLINE T of(T a, T x) {
    return ((x > a) | (x != x)) ? x : a;
  }
};
struct Smallest {
  template <typename T>
  THALWEG_INLINE T of(T a, T x) {
    return ((x < a) | (x != x)) ? x : a;
  }
};

// The reduction of x [n]. Every lane starts from `start`: the identity, or one of the values where a value
// may be taken twice.
template <typename Op, typename T>
THALWEG_INLINE T fold(const T* x, int64_t n, T start) {
  constexpr int64_t L = kLanes<T>;
  T total = start;
  int64_t i = 0;
  if (n >= L) {
    Vector<T> a0 = Vector<T>{} + start, a1 = a0, a2 = a0, a3 = a0;
    for (; i + 4 * L <= n; i += 4 * L) {
      a0 = Op::of(a0, load(x + i));
      a1 = Op::of(a1, load(x + i + L));
      a2 = Op::of(a2, load(x + i + 2 * L));
      a3 = Op::of(a3, load(x + i + 3 * L));
    }
    for (; i + L <= n; i += L) a0 = Op::of(a0, load(x + i));
    a0 = Op::of(Op::of(a0, a1), Op::of(a2, a3));
    T lane[L];
    __builtin_memcpy(lane, &a0, sizeof(lane));
    for (int64_t half = L / 2; half > 0; half /= 2) {
      for (int64_t j = 0; j < half; ++j) lane[j] = Op::of(lane[j], lane[j + half]);
    }
    total = lane[0];
  }
  for (; i < n; ++i) total = Op::of(total, x[i]);
  return total;
}

// --- sum -----------------------------------------------------------------------------------------

// The type in which the sums of blocks are added. A lane adds no more than a few dozen values before that:
// the error of a float32 sum does not grow with its length.
template <typename T>
struct TotalOf {
  using Type = double;
};
template <>
struct TotalOf<uint32_t> {
  using Type = uint32_t;  // wraps
};

template <typename T>
T sum_of_run(const T* x, int64_t n) {
  constexpr int64_t kBlock = 4 * kLanes<T> * Tuning::lane_terms;
  if (n <= kBlock) return fold<Plus>(x, n, T(0));
  typename TotalOf<T>::Type total = 0;
  for (int64_t i = 0; i < n; i += kBlock) total += fold<Plus>(x + i, n - i < kBlock ? n - i : kBlock, T(0));
  return static_cast<T>(total);
}

// block [width] = sum over the rows of x [rows, width], four at a time.
template <typename T>
THALWEG_INLINE void sum_rows(const T* x, int64_t rows, int64_t row_stride, int64_t width, T* block) {
#pragma omp simd
  for (int64_t i = 0; i < width; ++i) block[i] = 0;
  int64_t j = 0;
  for (; j + 4 <= rows; j += 4) {
    const T* x0 = x + j * row_stride;
    const T* x1 = x0 + row_stride;
    const T* x2 = x1 + row_stride;
    const T* x3 = x2 + row_stride;
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) block[i] += (x0[i] + x1[i]) + (x2[i] + x3[i]);
  }
  for (; j < rows; ++j) {
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) block[i] += x[j * row_stride + i];
  }
}

// y [width] = sum over the rows of x [rows, width]
template <typename T>
void sum_columns(const T* x, int64_t rows, int64_t row_stride, int64_t width, T* y) {
  constexpr int64_t kBlock = Tuning::column_terms;
  if (rows <= kBlock) return sum_rows(x, rows, row_stride, width, y);
  typename TotalOf<T>::Type total[kColumns];
  T block[kColumns];
  for (int64_t i = 0; i < width; ++i) total[i] = 0;
  for (int64_t j = 0; j < rows; j += kBlock) {
    sum_rows(x + j * row_stride, rows - j < kBlock ? rows - j : kBlock, row_stride, width, block);
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) total[i] += block[i];
  }
  for (int64_t i = 0; i < width; ++i) y[i] = static_cast<T>(total[i]);
}

// --- product, extremes, positions ----------------------------------------------------------------

template <typename Op, typename T>
void fold_columns(const T* x, int64_t rows, int64_t row_stride, int64_t width, T* y) {
#pragma omp simd
  for (int64_t i = 0; i < width; ++i) y[i] = x[i];
  for (int64_t j = 1; j < rows; ++j) {
    const T* row = x + j * row_stride;
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) y[i] = Op::of(y[i], row[i]);
  }
}

// The first position of the extreme; the first NaN if there is one.
template <typename Op, typename T>
int32_t position_in_run(const T* x, int64_t n) {
  constexpr int64_t kBlock = Tuning::position_block;
  const T extreme = fold<Op>(x, n, x[0]);
  const bool is_nan = extreme != extreme;
  for (int64_t i = 0; i < n; i += kBlock) {
    const int64_t end = n - i < kBlock ? n : i + kBlock;
    int32_t found = 0;
    if (end - i == kBlock) {
#pragma omp simd reduction(| : found)
      for (int64_t j = i; j < i + kBlock; ++j) found |= (x[j] == extreme) | (x[j] != x[j]);
      if (found == 0) continue;
    }
    for (int64_t j = i; j < end; ++j) {
      if (is_nan ? x[j] != x[j] : x[j] == extreme) return static_cast<int32_t>(j);
    }
  }
  return 0;
}

template <typename Op, typename T>
void position_in_columns(const T* x, int64_t rows, int64_t row_stride, int64_t width, int32_t* y) {
  T best[kColumns];
  for (int64_t i = 0; i < width; ++i) {
    best[i] = x[i];
    y[i] = 0;
  }
  for (int64_t j = 1; j < rows; ++j) {
    const T* row = x + j * row_stride;
    const int32_t position = static_cast<int32_t>(j);
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) {
      const T old = best[i], value = row[i];
      const bool better = (Op::of(old, value) != old) & (old == old);
      best[i] = better ? value : old;
      y[i] = better ? position : y[i];
    }
  }
}

// --- any, all ------------------------------------------------------------------------------------

// Whether a value of x [n] is zero (kZero) or is not.
template <bool kZero, typename T>
bool meets(const T* x, int64_t n) {
  constexpr int64_t kBlock = Tuning::any_block;
  for (int64_t i = 0; i < n; i += kBlock) {
    const int64_t end = n - i < kBlock ? n : i + kBlock;
    uint8_t found = 0;
#pragma omp simd reduction(| : found)
    for (int64_t j = i; j < end; ++j) found |= (x[j] == T(0)) == kZero;
    if (found != 0) return true;
  }
  return false;
}

template <bool kZero, typename T>
void meets_columns(const T* x, int64_t rows, int64_t row_stride, int64_t width, uint8_t* y) {
  for (int64_t i = 0; i < width; ++i) y[i] = kZero;
  for (int64_t j = 0; j < rows; ++j) {
    const T* row = x + j * row_stride;
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) {
      const uint8_t found = (row[i] == T(0)) == kZero;
      y[i] = kZero ? y[i] & static_cast<uint8_t>(found ^ 1) : y[i] | found;
    }
  }
}

// --- counts --------------------------------------------------------------------------------------

template <typename T>
int32_t count_in_run(const T* x, int64_t n) {
  int32_t count = 0;
#pragma omp simd reduction(+ : count)
  for (int64_t j = 0; j < n; ++j) count += x[j] != T(0);
  return count;
}

template <typename T>
void count_in_columns(const T* x, int64_t rows, int64_t row_stride, int64_t width, int32_t* y) {
  for (int64_t i = 0; i < width; ++i) y[i] = 0;
  for (int64_t j = 0; j < rows; ++j) {
    const T* row = x + j * row_stride;
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) y[i] += row[i] != T(0);
  }
}

// --- the calls -----------------------------------------------------------------------------------

// y[o, i] = run(x[o]) where inner is 1; else columns(x[o, 0, i…], width, y[o, i…]) in pieces.
template <typename T, typename Y, typename Run, typename Columns>
THALWEG_INLINE void reduce(const ReduceCall& c, Run run, Columns columns) {
  const T* x = static_cast<const T*>(c.x);
  Y* y = static_cast<Y*>(c.y);
  for (int64_t o = c.outer_begin; o < c.outer_end; ++o) {
    if (c.inner == 1) {
      if (c.inner_begin < c.inner_end) y[o] = run(x + o * c.axis);
      continue;
    }
    for (int64_t i = c.inner_begin; i < c.inner_end; i += kColumns) {
      const int64_t width = c.inner_end - i < kColumns ? c.inner_end - i : kColumns;
      columns(x + o * c.axis * c.inner + i, width, y + o * c.inner + i);
    }
  }
}

// The largest or the smallest value: nothing to choose from where the axis is empty.
template <typename Op>
struct Extreme {
  template <typename T>
  static void run(const ReduceCall& c) {
    if (c.axis <= 0) return;
    reduce<T, T>(
        c, [&](const T* x) { return fold<Op>(x, c.axis, x[0]); },
        [&](const T* x, int64_t width, T* y) { fold_columns<Op>(x, c.axis, c.inner, width, y); });
  }
};

template <typename Op>
struct Position {
  template <typename T>
  static void run(const ReduceCall& c) {
    if (c.axis <= 0) return;
    reduce<T, int32_t>(
        c, [&](const T* x) { return position_in_run<Op>(x, c.axis); },
        [&](const T* x, int64_t width, int32_t* y) {
          position_in_columns<Op>(x, c.axis, c.inner, width, y);
        });
  }
};

// any: a value that is not zero is met; all: none that is zero is.
template <bool kAll>
struct AnyOrAll {
  template <typename T>
  static void run(const ReduceCall& c) {
    reduce<T, uint8_t>(
        c, [&](const T* x) { return static_cast<uint8_t>(meets<kAll>(x, c.axis) != kAll); },
        [&](const T* x, int64_t width, uint8_t* y) { meets_columns<kAll>(x, c.axis, c.inner, width, y); });
  }
};

// --- the functors, each with the name of its row in reduce.h -------------------------------------

namespace op {

struct sum {
  template <typename T>
  static void run(const ReduceCall& c) {
    using M = Modular<T>;
    reduce<M, M>(
        c, [&](const M* x) { return sum_of_run(x, c.axis); },
        [&](const M* x, int64_t width, M* y) { sum_columns(x, c.axis, c.inner, width, y); });
  }
};

struct prod {
  template <typename T>
  static void run(const ReduceCall& c) {
    using M = Modular<T>;
    reduce<M, M>(
        c, [&](const M* x) { return fold<Times>(x, c.axis, M(1)); },
        [&](const M* x, int64_t width, M* y) {
          if (c.axis > 0) return fold_columns<Times>(x, c.axis, c.inner, width, y);
          for (int64_t i = 0; i < width; ++i) y[i] = 1;
        });
  }
};

struct amax : Extreme<Largest> {};
struct amin : Extreme<Smallest> {};
struct argmax : Position<Largest> {};
struct argmin : Position<Smallest> {};
struct any : AnyOrAll<false> {};
struct all : AnyOrAll<true> {};

struct count_nonzero {
  template <typename T>
  static void run(const ReduceCall& c) {
    reduce<T, int32_t>(
        c, [&](const T* x) { return count_in_run(x, c.axis); },
        [&](const T* x, int64_t width, int32_t* y) { count_in_columns(x, c.axis, c.inner, width, y); });
  }
};

}  // namespace op
}  // namespace

void add_reduce(Table& table) {
#define THALWEG_X(name, ...) add_member<op::name, Reduce::name>(table.reduce);
  THALWEG_REDUCE(THALWEG_X)
#undef THALWEG_X
}

}  // namespace thalweg::THALWEG_ISA
