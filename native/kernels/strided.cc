#include "strided.h"

#include "isa/namespace.h"
#include "isa/tuning.h"

namespace thalweg::THALWEG_ISA {
namespace {

// y [n] = x[0], x[s], x[2s], …
template <typename T>
void copy_run(int64_t n, const T* x, int64_t s, T* y) {
  if (s == 1) {
    __builtin_memcpy(y, x, static_cast<size_t>(n) * sizeof(T));
  } else if (s == 0) {
    const T value = *x;
    for (int64_t i = 0; i < n; ++i) y[i] = value;
  } else {
    for (int64_t i = 0; i < n; ++i) y[i] = x[i * s];
  }
}

// y [rows, columns] = x[r·row_stride + c·column_stride]
// In tiles, so that a transposed x is read a cache line at a time and not an element at a time.
template <typename T>
void copy_plane(int64_t rows, int64_t columns, const T* x, int64_t row_stride, int64_t column_stride, T* y) {
  constexpr int64_t kTile = Tuning::transpose_tile;
  if (column_stride == 0 || column_stride == 1) {
    for (int64_t r = 0; r < rows; ++r) copy_run(columns, x + r * row_stride, column_stride, y + r * columns);
    return;
  }
  for (int64_t r0 = 0; r0 < rows; r0 += kTile) {
    const int64_t r1 = r0 + kTile < rows ? r0 + kTile : rows;
    for (int64_t c0 = 0; c0 < columns; c0 += kTile) {
      const int64_t c1 = c0 + kTile < columns ? c0 + kTile : columns;
      for (int64_t r = r0; r < r1; ++r) {
        for (int64_t c = c0; c < c1; ++c) y[r * columns + c] = x[r * row_stride + c * column_stride];
      }
    }
  }
}

template <typename T>
void strided(const StridedCall& c) {
  const T* x = static_cast<const T*>(c.x) + c.offset;
  T* y = static_cast<T*>(c.y);
  int64_t size_below_first = 1;
  for (int32_t d = 1; d < c.rank; ++d) size_below_first *= c.shape[d];
  if (size_below_first == 0 || c.end <= c.begin) return;
  y += c.begin * size_below_first;
  const T* start = x + c.begin * c.strides[0];

  if (c.rank == 1) return copy_run(c.end - c.begin, start, c.strides[0], y);
  const int32_t last = c.rank - 1;
  if (c.rank == 2) {
    return copy_plane(c.end - c.begin, c.shape[last], start, c.strides[0], c.strides[last], y);
  }
  // The last two axes are a plane; the others count up.
  int64_t index[kMaxRank] = {c.begin};
  const int64_t plane = c.shape[last - 1] * c.shape[last];
  const int64_t planes = (c.end - c.begin) * (size_below_first / plane);
  for (int64_t p = 0; p < planes; ++p) {
    const T* source = x;
    for (int32_t d = 0; d < last - 1; ++d) source += index[d] * c.strides[d];
    copy_plane(c.shape[last - 1], c.shape[last], source, c.strides[last - 1], c.strides[last], y + p * plane);
    for (int32_t d = last - 2; d >= 0 && ++index[d] == c.shape[d] && d > 0; --d) index[d] = 0;
  }
}

}  // namespace

void add_strided(Table& table) {
  table.strided[DType::float32] = strided<uint32_t>;
  table.strided[DType::float64] = strided<uint64_t>;
  table.strided[DType::int32] = strided<uint32_t>;
  table.strided[DType::boolean] = strided<uint8_t>;
}

}  // namespace thalweg::THALWEG_ISA
