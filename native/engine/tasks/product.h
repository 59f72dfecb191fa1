// What the tasks that call the matmul kernels have in common.
#pragma once

#include "../../kernels/isa/table.h"
#include "../cblas.h"
#include "../costs.h"
#include "../dtypes.h"
#include "../operands.h"
#include "../task.h"

namespace thalweg {

// The parameters that every product has.
template <typename T>
void read_product(Operands& operands, MatmulCallOf<T>& call) {
  call.M = operands.integer();
  call.N = operands.integer();
  call.K = operands.integer();
  call.transpose_a = operands.flag();
  call.transpose_b = operands.flag();
  call.alpha = static_cast<T>(operands.number());
}

// The rows of op(a), op(b) and c lie behind one another.
template <typename T>
void pack_rows(MatmulCallOf<T>& call, Operands& operands) {
  const bool beyond_int = call.M > INT32_MAX || call.N > INT32_MAX || call.K > INT32_MAX;
  if (matmul_provider() == MatmulProvider::cblas && beyond_int) {
    operands.fail("ERR_SHAPE", "CBLAS takes sizes below 2^31");
  }
  call.lda = call.transpose_a ? call.M : call.K;
  call.ldb = call.transpose_b ? call.K : call.N;
  call.ldc = call.N;
  call.lds = call.N;
}

// So long on one thread, for so many results in all.
template <typename T>
double product_nanoseconds(int64_t results, int64_t K) {
  const double rate = multiply_adds_a_nanosecond() * 4 / static_cast<double>(sizeof(T));
  return static_cast<double>(results) * static_cast<double>(K) / rate + static_cast<double>(results) / 16;
}

template <typename T>
struct Product {
  MatmulFn<T> kernel;
  MatmulScratchFn<T> scratch_of;
  DType dtype;
  bool own;  // not CBLAS, which knows no scattered rows
};

// Stands for rows that each step names anew.
inline constexpr int32_t kRowsOfAStep[1] = {0};

// A product whose factors may be samples of a loop, read where they lie.
template <typename T>
struct SampledProduct {
  Product<T> product;
  MatmulCallOf<T> call;
  Samples samples[2];  // of a and b

  // Of the factors, the one at 0 or at 1.
  bool can_read(size_t factor, int64_t batch) const {
    if (!product.own || factor > 1) return false;
    if (factor == 0) return batch == (call.transpose_a ? call.K : call.M);
    return batch == (call.transpose_b ? call.N : call.K);
  }

  void read(size_t factor, const Samples& from) {
    samples[factor] = from;
    (factor == 0 ? call.a_rows : call.b_rows) = kRowsOfAStep;
  }

  // The call with what is known only while it runs.
  MatmulCallOf<T> located(int32_t rank) const {
    MatmulCallOf<T> ready = call;
    if (call.a_rows != nullptr) {
      ready.a = static_cast<const T*>(samples[0].source(rank).data);
      ready.a_rows = samples[0].order(rank);
    }
    if (call.b_rows != nullptr) {
      ready.b = static_cast<const T*>(samples[1].source(rank).data);
      ready.b_rows = samples[1].order(rank);
    }
    return ready;
  }
};

// Calls prepare with the product of the next operands' dtype, by our kernels or by CBLAS.
template <typename Prepare>
Task* with_product(Operands& operands, const Table& table, const Prepare& prepare) {
  const DType dtype = operands.dtype_of_next();
  const bool own = matmul_provider() == MatmulProvider::own;
  return visit_types<float, double>(operands, dtype, [&]<typename T>(std::type_identity<T>) {
    return prepare(own ? Product<T>{table.matmul.of<T>(), table.matmul_scratch.of<T>(), dtype, own}
                       : Product<T>{cblas_matmul<T>, cblas_scratch<T>, dtype, own});
  });
}

}  // namespace thalweg
