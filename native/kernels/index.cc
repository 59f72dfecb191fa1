#include "index.h"

#include "isa/namespace.h"

namespace thalweg::THALWEG_ISA {
namespace {

// Calls visit(position of j in its axis, index) for the valid ones; each visit handles one row of
// [inner_begin, inner_end). Returns the first position that is out of range, or −1.
template <typename Row>
int64_t by_select(const IndexCall& c, Row row) {
  int64_t bad = -1;
  for (int64_t o = c.outer_begin; o < c.outer_end; ++o) {
    for (int64_t j = 0; j < c.count; ++j) {
      const int64_t k = c.index[j];
      if (k < 0 || k >= c.axis) {
        if (bad < 0) bad = j;
        continue;
      }
      row((o * c.count + j) * c.inner, (o * c.axis + k) * c.inner);
    }
  }
  return bad;
}

// The same where each element has an index of its own.
template <typename Element>
int64_t by_gather(const IndexCall& c, Element element) {
  int64_t bad = -1;
  for (int64_t o = c.outer_begin; o < c.outer_end; ++o) {
    for (int64_t j = 0; j < c.count; ++j) {
      for (int64_t i = c.inner_begin; i < c.inner_end; ++i) {
        const int64_t position = (o * c.count + j) * c.inner + i;
        const int64_t k = c.index[position];
        if (k < 0 || k >= c.axis) {
          if (bad < 0) bad = position;
          continue;
        }
        element(position, (o * c.axis + k) * c.inner + i);
      }
    }
  }
  return bad;
}

// y [outer, count, inner] ← x [outer, axis, inner]
template <typename T>
int64_t select(const IndexCall& c) {
  const T* x = static_cast<const T*>(c.x);
  T* y = static_cast<T*>(c.y);
  const int64_t bytes = (c.inner_end - c.inner_begin) * static_cast<int64_t>(sizeof(T));
  return by_select(c, [&](int64_t short_row, int64_t long_row) {
    __builtin_memcpy(y + short_row + c.inner_begin, x + long_row + c.inner_begin, static_cast<size_t>(bytes));
  });
}

// y [outer, axis, inner] += x [outer, count, inner]
template <typename T>
int64_t add_select(const IndexCall& c) {
  const T* x = static_cast<const T*>(c.x);
  T* y = static_cast<T*>(c.y);
  return by_select(c, [&](int64_t short_row, int64_t long_row) {
    for (int64_t i = c.inner_begin; i < c.inner_end; ++i) y[long_row + i] += x[short_row + i];
  });
}

template <typename T>
int64_t gather(const IndexCall& c) {
  const T* x = static_cast<const T*>(c.x);
  T* y = static_cast<T*>(c.y);
  return by_gather(c, [&](int64_t position, int64_t source) { y[position] = x[source]; });
}

template <typename T>
int64_t add_gather(const IndexCall& c) {
  const T* x = static_cast<const T*>(c.x);
  T* y = static_cast<T*>(c.y);
  return by_gather(c, [&](int64_t position, int64_t target) { y[target] += x[position]; });
}

template <typename T>
void scale_bytes(const ScaleBytesCall& c) {
  T* y = static_cast<T*>(c.y);
  for (int64_t i = 0; i < c.size; ++i) y[i] = static_cast<T>(c.scale * (c.x[i] - c.zero_point));
}

template <typename T>
void add_dtype(Table& table, DType dtype) {
  table.index[Index::select][dtype] = select<T>;
  table.index[Index::gather][dtype] = gather<T>;
  table.index[Index::add_select][dtype] = add_select<T>;
  table.index[Index::add_gather][dtype] = add_gather<T>;
}

}  // namespace

void add_index(Table& table) {
  add_dtype<float>(table, DType::float32);
  add_dtype<double>(table, DType::float64);
  table.scale_bytes[DType::float32] = scale_bytes<float>;
  table.scale_bytes[DType::float64] = scale_bytes<double>;
  // Unsigned, so that a sum that overflows wraps.
  add_dtype<uint32_t>(table, DType::int32);
  table.index[Index::select][DType::boolean] = select<uint8_t>;
  table.index[Index::gather][DType::boolean] = gather<uint8_t>;
}

}  // namespace thalweg::THALWEG_ISA
