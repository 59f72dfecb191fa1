// How long work takes on one thread: the one model that estimates of tasks and the choice of threads rest
// on. Tasks say what they do and how much of it. scripts/measure-costs.mjs measures what the model says.
#pragma once

#include <cstdint>

#include "../kernels/types.h"

namespace thalweg {

// What is done to one element, and what that takes in nanoseconds with elements of float32 and of float64:
// measured with AVX-512. Products alone are scaled by what this machine does, since they take most of a step
// and differ most between instruction sets.
// clang-format off
#define THALWEG_COSTS(X)                                                                          \
  X(arithmetic, 0.11, 0.3)    /* an elementwise operation of a few machine instructions */        \
  X(function, 0.4, 1)         /* an elementwise function: exp, log, tanh */                       \
  X(library, 5, 7)            /* an elementwise call of the C library: pow, sin, erf */           \
  X(reduce, 0.3, 0.3)         /* an element that is reduced */                                    \
  X(softmax, 0.8, 2)          /* an element of a row */                                           \
  X(cross_entropy, 0.4, 1.5)  /* a score */                                                       \
  X(label, 10, 10)            /* a row of scores, besides */                                      \
  X(pick_row, 0.2, 0.3)       /* an element of a row that is read or added by its index */        \
  X(pick, 1.2, 1.4)           /* an element that is read or added by an index of its own */       \
  X(put, 1, 1)                /* an element written by an index of its own */                     \
  X(fill, 0.1, 0.1)           /* an element cleared or copied before others are put over it */    \
  X(stride, 0.5, 0.5)         /* an element of a strided copy */                                  \
  X(copy_byte, 0.125, 0.125)  /* a byte of a row that is copied whole */                          \
  X(sparse, 0.04, 0.08)       /* an entry of a sparse matrix, for one sample */                   \
  X(sparse_entry, 0.35, 0.4)  /* an entry, for all samples */                                     \
  X(cumsum, 1, 1)                                                                                 \
  X(sort, 15, 15)             /* an element of a line of some hundreds */                         \
  X(check, 0.4, 0.4)                                                                              \
  X(uniform, 3.3, 5)                                                                              \
  X(normal, 1.2, 3.5)                                                                             \
  X(gamma, 60, 60)            /* a number of the gamma distribution */                            \
  X(count, 60, 60)            /* a number of the Poisson or the binomial distribution */          \
  X(swap, 10, 10)             /* an element of a permutation */                                   \
  X(sgd, 0.1, 0.2)            /* a weight */                                                      \
  X(adam, 0.3, 0.6)           /* a weight */                                                      \
  X(cholesky, 0.5, 0.6)       /* a product and a sum of a factorisation L·Lᵀ */                   \
  X(lu, 0.25, 0.25)           /* the same of one with pivots */                                   \
  X(solve, 0.1, 0.25)         /* the same of a solution by factors */                             \
  X(eigh, 0.4, 0.6)           /* one of n³ parts of an eigendecomposition */                      \
  X(eigvalsh, 0.2, 0.35)      /* the same for the eigenvalues alone */                            \
  X(svd, 12, 12)              /* one of n²·(n + m) parts of a singular value decomposition */      \
  X(matrix, 50, 50)           /* a matrix of a stack, besides */                                  \
  X(note, 10, 10)             /* all that a loop writes down of a step */
// clang-format on

enum class Cost : int32_t {
#define THALWEG_X(name, float32, float64) name,
  THALWEG_COSTS(THALWEG_X)
#undef THALWEG_X
};

// Dtypes other than float64 count as float32.
double nanoseconds_of(Cost cost, DType dtype, double elements);
inline double nanoseconds_of(Cost cost, DType dtype, int64_t elements) {
  return nanoseconds_of(cost, dtype, static_cast<double>(elements));
}

// A matrix product of `results` elements, each a sum of K terms.
double product_nanoseconds(DType dtype, int64_t results, int64_t K);

}  // namespace thalweg
