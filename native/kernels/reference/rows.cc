// The naive twin of ../rows.cc: in double, with the C library's exp and log.
#include "../rows.h"

#include "../isa/fill.h"

namespace thalweg::THALWEG_ISA {
namespace {

template <bool kLog>
struct Softmax {
  template <typename T>
  static void run(int64_t rows, int64_t n, const void* in, void* out) {
    for (int64_t r = 0; r < rows; ++r) {
      const T* x = static_cast<const T*>(in) + r * n;
      T* y = static_cast<T*>(out) + r * n;
      double largest = -__builtin_huge_val();
      for (int64_t i = 0; i < n; ++i) largest = x[i] > largest ? x[i] : largest;
      double total = 0;
      for (int64_t i = 0; i < n; ++i) total += __builtin_exp(x[i] - largest);
      for (int64_t i = 0; i < n; ++i) {
        const double shifted = x[i] - largest;
        y[i] = static_cast<T>(kLog ? shifted - __builtin_log(total) : __builtin_exp(shifted) / total);
      }
    }
  }
};

namespace op {
struct softmax : Softmax<false> {};
struct log_softmax : Softmax<true> {};
}  // namespace op

}  // namespace

void add_rows(Table& table) {
#define THALWEG_X(name, ...) add_member<op::name, Rows::name>(table.rows);
  THALWEG_ROWS(THALWEG_X)
#undef THALWEG_X
}

}  // namespace thalweg::THALWEG_ISA
