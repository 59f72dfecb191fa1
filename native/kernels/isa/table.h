// One table of kernels per instruction set: the functions that the engine calls.
//
// The families below hold plain pointers. Their functions are always inlined: a source compiled for one
// instruction set must not emit a function that another one could be linked to.
#pragma once

#include "../cross-entropy.h"
#include "../eigh.h"
#include "../elementwise.h"
#include "../index.h"
#include "../matmul.h"
#include "../normal.h"
#include "../reduce.h"
#include "../rows.h"
#include "../sparse.h"
#include "../strided.h"
#include "../update.h"

namespace thalweg {

// One kernel for each dtype. Null: the kernel is not defined for that dtype.
template <typename Fn>
struct ByDType {
  Fn kernels[kDTypes];

  inline __attribute__((always_inline)) Fn& operator[](DType dtype) {
    return kernels[static_cast<int32_t>(dtype)];
  }
  inline __attribute__((always_inline)) Fn operator[](DType dtype) const {
    return kernels[static_cast<int32_t>(dtype)];
  }
};

// The kernels of one family: for each member, one for each dtype (of its last input).
template <typename Member, typename Fn>
struct Family {
  ByDType<Fn> members[static_cast<int32_t>(Member::count)];

  inline __attribute__((always_inline)) ByDType<Fn>& operator[](Member member) {
    return members[static_cast<int32_t>(member)];
  }
  inline __attribute__((always_inline)) const ByDType<Fn>& operator[](Member member) const {
    return members[static_cast<int32_t>(member)];
  }
};

// A kernel whose arguments have the type of the elements: one for each floating dtype.
template <template <typename> typename Fn>
struct Floating {
  Fn<float> float32;
  Fn<double> float64;

  template <typename T>
  inline __attribute__((always_inline)) Fn<T> of() const {
    if constexpr (kDType<T> == DType::float32) {
      return float32;
    } else {
      static_assert(kDType<T> == DType::float64);
      return float64;
    }
  }
};

struct Table {
  const char* isa;

  Family<Elementwise, ElementwiseFn> elementwise;
  Family<Reduce, ReduceFn> reduce;
  Family<Rows, RowsFn> rows;
  Family<Index, IndexFn> index;
  ByDType<ScaleBytesFn> scale_bytes;
  ByDType<StridedFn> strided;

  Floating<MatmulFn> matmul;
  Floating<MatmulStackFn> matmul_stack;
  Floating<MatmulScratchFn> matmul_scratch;
  Floating<CrossEntropyFn> cross_entropy;
  Floating<EighFn> eigh;
  Floating<EighScratchFn> eigh_scratch;
  Floating<NormalFn> normal;
  Floating<SparseKernel> sparse_product;
  Floating<SparseKernel> sparse_sampled;
  Floating<SgdFn> sgd;
  Floating<AdamFn> adam;
  bool next_products;  // whether sgd and adam know NextProduct; the naive twins do not
  // Null among the naive twins, which write the gradient.
  Floating<SgdProductFn> sgd_product;
  Floating<AdamProductFn> adam_product;
};

}  // namespace thalweg
