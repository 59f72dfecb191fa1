// The naive twin of ../sparse.cc: each element of y by itself, straight from the definition.
#include "../sparse.h"

#include "../isa/namespace.h"

namespace thalweg::THALWEG_ISA {
namespace {

bool is_in(int32_t at, int64_t size) { return at >= 0 && at < size; }

template <typename T>
bool is_pattern(const SparseCall<T>& c) {
  if (c.starts[0] != 0 || c.starts[c.rows] != c.entries) return false;
  for (int64_t i = 0; i < c.rows; ++i) {
    if (c.starts[i] > c.starts[i + 1]) return false;
  }
  for (int64_t e = 0; e < c.entries; ++e) {
    if (!is_in(c.index[e], c.columns)) return false;
    if (c.order != nullptr && !is_in(c.order[e], c.entries)) return false;
  }
  return true;
}

template <typename T>
bool product_by_definition(const SparseCall<T>& c, const Team& team) {
  if (!is_pattern(c)) return false;
  for (int64_t i = team.rank; i < c.rows; i += team.size) {
    for (int64_t b = 0; b < c.batch; ++b) {
      double sum = 0;
      for (int64_t e = c.starts[i]; e < c.starts[i + 1]; ++e) {
        const double w = c.values[c.order == nullptr ? e : c.order[e]];
        sum += w * static_cast<double>(c.x[b * c.columns + c.index[e]]);
      }
      c.y[b * c.rows + i] = static_cast<T>(c.bias == nullptr ? sum : sum + c.bias[i]);
    }
  }
  return true;
}

template <typename T>
bool sampled_by_definition(const SparseCall<T>& c, const Team& team) {
  if (!is_pattern(c)) return false;
  for (int64_t i = team.rank; i < c.rows; i += team.size) {
    for (int64_t e = c.starts[i]; e < c.starts[i + 1]; ++e) {
      double sum = 0;
      for (int64_t b = 0; b < c.batch; ++b) {
        const double a = c.a[b * c.rows + i];
        sum += a * static_cast<double>(c.x[b * c.columns + c.index[e]]);
      }
      c.y[e] = static_cast<T>(sum);
    }
  }
  return true;
}

template <typename T>
int64_t no_scratch(const SparseCall<T>&) {
  return 0;
}

}  // namespace

void add_sparse(Table& table) {
  table.sparse_product = {{product_by_definition<float>, no_scratch<float>},
                          {product_by_definition<double>, no_scratch<double>}};
  table.sparse_sampled = {{sampled_by_definition<float>, no_scratch<float>},
                          {sampled_by_definition<double>, no_scratch<double>}};
}

}  // namespace thalweg::THALWEG_ISA
