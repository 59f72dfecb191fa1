#include "index.h"

#include "isa/fill.h"

namespace thalweg::THALWEG_ISA {
namespace {

// Calls row(place in the shorter tensor, place in the longer one) for each valid index; they are the places
// of the row's first element. Returns the position of the first index that is out of range, or −1.
template <typename Row>
int64_t by_rows(const IndexCall& c, Row row) {
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
int64_t by_elements(const IndexCall& c, Element element) {
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

// --- the functors, each with the name of its row in index.h --------------------------------------

namespace op {

// y [outer, count, inner] ← x [outer, axis, inner]
struct index_select {
  template <typename T>
  static int64_t run(const IndexCall& c) {
    const T* x = static_cast<const T*>(c.x);
    T* y = static_cast<T*>(c.y);
    const int64_t bytes = (c.inner_end - c.inner_begin) * static_cast<int64_t>(sizeof(T));
    return by_rows(c, [&](int64_t short_row, int64_t long_row) {
      __builtin_memcpy(y + short_row + c.inner_begin, x + long_row + c.inner_begin,
                       static_cast<size_t>(bytes));
    });
  }
};

// y [outer, axis, inner] += x [outer, count, inner]
struct index_add {
  template <typename T>
  static int64_t run(const IndexCall& c) {
    using M = Modular<T>;
    const M* x = static_cast<const M*>(c.x);
    M* y = static_cast<M*>(c.y);
    return by_rows(c, [&](int64_t short_row, int64_t long_row) {
      for (int64_t i = c.inner_begin; i < c.inner_end; ++i) y[long_row + i] += x[short_row + i];
    });
  }
};

// y [outer, axis, inner] at the indices ← x [outer, count, inner]
struct write_rows {
  template <typename T>
  static int64_t run(const IndexCall& c) {
    for (int64_t j = 0; j < c.count; ++j) {
      if (c.index[j] < 0 || c.index[j] >= c.axis) return j;
    }
    const T* x = static_cast<const T*>(c.x);
    T* y = static_cast<T*>(c.y);
    const int64_t bytes = (c.inner_end - c.inner_begin) * static_cast<int64_t>(sizeof(T));
    return by_rows(c, [&](int64_t short_row, int64_t long_row) {
      __builtin_memcpy(y + long_row + c.inner_begin, x + short_row + c.inner_begin,
                       static_cast<size_t>(bytes));
    });
  }
};

struct gather {
  template <typename T>
  static int64_t run(const IndexCall& c) {
    const T* x = static_cast<const T*>(c.x);
    T* y = static_cast<T*>(c.y);
    return by_elements(c, [&](int64_t position, int64_t source) { y[position] = x[source]; });
  }
};

struct scatter_add {
  template <typename T>
  static int64_t run(const IndexCall& c) {
    using M = Modular<T>;
    const M* x = static_cast<const M*>(c.x);
    M* y = static_cast<M*>(c.y);
    return by_elements(c, [&](int64_t position, int64_t target) { y[target] += x[position]; });
  }
};

}  // namespace op

template <typename T>
void scale_bytes(const ScaleBytesCall& c) {
  T* y = static_cast<T*>(c.y);
  for (int64_t i = 0; i < c.size; ++i) y[i] = static_cast<T>(c.scale * (c.x[i] - c.zero_point));
}

}  // namespace

void add_index(Table& table) {
#define THALWEG_X(name, ...) add_member<op::name, Index::name>(table.index);
  THALWEG_INDEX(THALWEG_X)
#undef THALWEG_X
  table.scale_bytes[DType::float32] = scale_bytes<float>;
  table.scale_bytes[DType::float64] = scale_bytes<double>;
}

}  // namespace thalweg::THALWEG_ISA
