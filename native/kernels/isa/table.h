// One table of kernels per instruction set: the functions that the engine calls.
#pragma once

#include "../cross-entropy.h"
#include "../elementwise.h"
#include "../index.h"
#include "../matmul.h"
#include "../reduce.h"
#include "../rows.h"
#include "../strided.h"
#include "../update.h"

namespace thalweg {

constexpr int32_t kDTypes = static_cast<int32_t>(DType::count);
constexpr int32_t kElementwise = static_cast<int32_t>(Elementwise::count);
constexpr int32_t kReduce = static_cast<int32_t>(Reduce::count);
constexpr int32_t kIndex = static_cast<int32_t>(Index::count);
constexpr int32_t kRows = static_cast<int32_t>(Rows::count);

// A null entry means that the kernel is not defined for that dtype (of its last input).
struct Table {
  const char* isa;

  ElementwiseFn elementwise[kElementwise][kDTypes];
  ReduceFn reduce[kReduce][kDTypes];
  RowsFn rows[kRows][kDTypes];
  IndexFn index[kIndex][kDTypes];
  ScaleBytesFn scale_bytes[kDTypes];
  StridedFn strided[kDTypes];

  MatmulFn<float> matmul_f32;
  MatmulFn<double> matmul_f64;
  MatmulScratchFn<float> matmul_scratch_f32;
  MatmulScratchFn<double> matmul_scratch_f64;

  CrossEntropyFn<float> cross_entropy_f32;
  CrossEntropyFn<double> cross_entropy_f64;

  SgdFn<float> sgd_f32;
  SgdFn<double> sgd_f64;
  AdamFn<float> adam_f32;
  AdamFn<double> adam_f64;
  bool next_products;  // whether these know NextProduct; the naive twins do not
  // Null among the naive twins, which write the gradient.
  SgdProductFn<float> sgd_product_f32;
  SgdProductFn<double> sgd_product_f64;
  AdamProductFn<float> adam_product_f32;
  AdamProductFn<double> adam_product_f64;
};

}  // namespace thalweg
