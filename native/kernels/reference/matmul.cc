// The naive twin of ../matmul.cc: each element of c by itself, straight from the definition.
#include "../matmul.h"

#include <math.h>

#include "../isa/namespace.h"

namespace thalweg::THALWEG_ISA {
namespace {

double activated(double x, Activation activation) {
  switch (activation) {
    case Activation::relu:
      return x < 0 ? 0 : x;
    case Activation::tanh:
      return tanh(x);
    case Activation::sigmoid:
      return 1 / (1 + exp(-x));
    case Activation::none:
      break;
  }
  return x;
}

double derivative_at(double y, Activation activation) {
  switch (activation) {
    case Activation::relu:
      return y > 0 ? 1 : 0;
    case Activation::tanh:
      return 1 - y * y;
    case Activation::sigmoid:
      return y * (1 - y);
    case Activation::none:
      break;
  }
  return 1;
}

int64_t row_at(const int32_t* rows, int64_t r) { return rows == nullptr ? r : rows[r]; }

template <typename T>
double element(const MatmulCallOf<T>& call, int64_t i, int64_t j) {
  double sum = 0;
  for (int64_t k = 0; k < call.K; ++k) {
    const int64_t a_row = row_at(call.a_rows, call.transpose_a ? k : i) * call.lda;
    const int64_t b_row = row_at(call.b_rows, call.transpose_b ? j : k) * call.ldb;
    const double a = call.a[a_row + (call.transpose_a ? i : k)];
    const double b = call.b[b_row + (call.transpose_b ? k : j)];
    sum += a * b;
  }
  double c = call.alpha * sum;
  if (call.beta != 0) c += call.beta * call.c[i * call.ldc + j];
  if (call.bias != nullptr) c += call.bias[j];
  c = activated(c, call.activation);
  return call.state == nullptr ? c : c * derivative_at(call.state[i * call.lds + j], call.state_activation);
}

template <typename T>
void matmul_by_definition(const MatmulCallOf<T>& call, const Team& team) {
  for (int64_t i = team.rank; i < call.M; i += team.size) {
    for (int64_t j = 0; j < call.N; ++j) call.c[i * call.ldc + j] = static_cast<T>(element(call, i, j));
  }
}

template <typename T>
void matmul_one_by_one(const MatmulCallOf<T>& first, const MatmulStack& stack) {
  run_each<T>(matmul_by_definition<T>, first, stack);
}

template <typename T>
int64_t no_scratch(const MatmulCallOf<T>&, int32_t) {
  return 0;
}

}  // namespace

void add_matmul(Table& table) {
  table.matmul = {matmul_by_definition<float>, matmul_by_definition<double>};
  table.matmul_stack = {matmul_one_by_one<float>, matmul_one_by_one<double>};
  table.matmul_scratch = {no_scratch<float>, no_scratch<double>};
}

}  // namespace thalweg::THALWEG_ISA
