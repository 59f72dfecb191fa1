// The naive twin of ../index.cc: one element at a time, straight from the definition.
#include "../index.h"

#include "../isa/fill.h"

namespace thalweg::THALWEG_ISA {
namespace {

template <bool kAdd, bool kOwnIndex>
struct ByDefinition {
  template <typename T>
  static int64_t run(const IndexCall& c) {
    const T* x = static_cast<const T*>(c.x);
    T* y = static_cast<T*>(c.y);
    using M = Modular<T>;
    int64_t bad = -1;
    for (int64_t o = c.outer_begin; o < c.outer_end; ++o) {
      for (int64_t j = 0; j < c.count; ++j) {
        for (int64_t i = c.inner_begin; i < c.inner_end; ++i) {
          const int64_t short_at = (o * c.count + j) * c.inner + i;
          const int64_t position = kOwnIndex ? short_at : j;
          const int64_t k = c.index[position];
          if (k < 0 || k >= c.axis) {
            if (bad < 0) bad = position;
            continue;
          }
          const int64_t long_at = (o * c.axis + k) * c.inner + i;
          if (kAdd) {
            y[long_at] = static_cast<T>(static_cast<M>(y[long_at]) + static_cast<M>(x[short_at]));
          } else {
            y[short_at] = x[long_at];
          }
        }
      }
    }
    return bad;
  }
};

// Whether all indices are valid is known before anything is written.
struct WriteByDefinition {
  template <typename T>
  static int64_t run(const IndexCall& c) {
    for (int64_t j = 0; j < c.count; ++j) {
      if (c.index[j] < 0 || c.index[j] >= c.axis) return j;
    }
    const T* x = static_cast<const T*>(c.x);
    T* y = static_cast<T*>(c.y);
    for (int64_t o = c.outer_begin; o < c.outer_end; ++o) {
      for (int64_t j = 0; j < c.count; ++j) {
        for (int64_t i = c.inner_begin; i < c.inner_end; ++i) {
          y[(o * c.axis + c.index[j]) * c.inner + i] = x[(o * c.count + j) * c.inner + i];
        }
      }
    }
    return -1;
  }
};

namespace op {
struct index_select : ByDefinition<false, false> {};
struct gather : ByDefinition<false, true> {};
struct index_add : ByDefinition<true, false> {};
struct scatter_add : ByDefinition<true, true> {};
struct write_rows : WriteByDefinition {};
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
