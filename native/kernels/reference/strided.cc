// The naive twin of ../strided.cc: each element of y finds its own source.
#include "../strided.h"

#include "../isa/namespace.h"

namespace thalweg::THALWEG_ISA {
namespace {

template <typename T>
void strided_by_definition(const StridedCall& c) {
  int64_t size_below_first = 1;
  for (int32_t d = 1; d < c.rank; ++d) size_below_first *= c.shape[d];
  for (int64_t i = c.begin * size_below_first; i < c.end * size_below_first; ++i) {
    int64_t rest = i;
    int64_t source = c.offset;
    for (int32_t d = c.rank - 1; d >= 0; --d) {
      source += rest % c.shape[d] * c.strides[d];
      rest /= c.shape[d];
    }
    static_cast<T*>(c.y)[i] = static_cast<const T*>(c.x)[source];
  }
}

}  // namespace

void add_strided(Table& table) {
  table.strided[DType::float32] = strided_by_definition<uint32_t>;
  table.strided[DType::float64] = strided_by_definition<uint64_t>;
  table.strided[DType::int32] = strided_by_definition<uint32_t>;
  table.strided[DType::boolean] = strided_by_definition<uint8_t>;
}

}  // namespace thalweg::THALWEG_ISA
