// The naive twin of ../index.cc: one element at a time, straight from the definition.
#include "../index.h"

#include "../isa/namespace.h"

namespace thalweg::THALWEG_ISA {
namespace {

template <typename T, bool kAdd, bool kOwnIndex>
int64_t index_by_definition(const IndexCall& c) {
  const T* x = static_cast<const T*>(c.x);
  T* y = static_cast<T*>(c.y);
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
          y[long_at] = static_cast<T>(y[long_at] + x[short_at]);
        } else {
          y[short_at] = x[long_at];
        }
      }
    }
  }
  return bad;
}

template <typename T>
void scale_bytes(const ScaleBytesCall& c) {
  T* y = static_cast<T*>(c.y);
  for (int64_t i = 0; i < c.size; ++i) y[i] = static_cast<T>(c.scale * (c.x[i] - c.zero_point));
}

template <typename T>
void add_dtype(Table& table, DType dtype) {
  table.index[Index::select][dtype] = index_by_definition<T, false, false>;
  table.index[Index::gather][dtype] = index_by_definition<T, false, true>;
  table.index[Index::add_select][dtype] = index_by_definition<T, true, false>;
  table.index[Index::add_gather][dtype] = index_by_definition<T, true, true>;
}

}  // namespace

void add_index(Table& table) {
  add_dtype<float>(table, DType::float32);
  add_dtype<double>(table, DType::float64);
  table.scale_bytes[DType::float32] = scale_bytes<float>;
  table.scale_bytes[DType::float64] = scale_bytes<double>;
  add_dtype<uint32_t>(table, DType::int32);
  table.index[Index::select][DType::boolean] = index_by_definition<uint8_t, false, false>;
  table.index[Index::gather][DType::boolean] = index_by_definition<uint8_t, false, true>;
}

}  // namespace thalweg::THALWEG_ISA
