// The naive twin of ../cross-entropy.cc: row by row, straight from the definition.
#include "../cross-entropy.h"

#include <math.h>

#include "../isa/namespace.h"

namespace thalweg::THALWEG_ISA {
namespace {

template <typename T>
int64_t cross_entropy_by_definition(const CrossEntropyCall<T>& call, int64_t begin, int64_t end) {
  int64_t bad = -1;
  for (int64_t r = begin; r < end; ++r) {
    const T* y = call.y + r * call.n;
    const int32_t t = call.target[r];
    if (t < 0 || t >= call.n) {
      if (bad < 0) bad = r;
      continue;
    }
    double top = y[0];
    for (int64_t j = 1; j < call.n; ++j) top = y[j] > top || y[j] != y[j] ? y[j] : top;
    double sum = 0;
    for (int64_t j = 0; j < call.n; ++j) sum += exp(y[j] - top);
    if (call.loss != nullptr) call.loss[r] = static_cast<T>(log(sum) - (y[t] - top));
    if (call.dy == nullptr) continue;
    for (int64_t j = 0; j < call.n; ++j) {
      call.dy[r * call.n + j] = static_cast<T>(call.dloss[r] * (exp(y[j] - top) / sum - (j == t ? 1 : 0)));
    }
  }
  return bad;
}

}  // namespace

void add_cross_entropy(Table& table) {
  table.cross_entropy = {cross_entropy_by_definition<float>, cross_entropy_by_definition<double>};
}

}  // namespace thalweg::THALWEG_ISA
