// Who multiplies matrices: our own kernels, or a CBLAS that was built in (THALWEG_BLAS=openblas).
#pragma once

#include <string>
#include <vector>

#include "../kernels/matmul.h"

namespace thalweg {

enum class MatmulProvider { own, cblas };

// "own", and "cblas" where it was built in.
std::vector<std::string> matmul_providers();

// The one in use: THALWEG_MATMUL's, until set. Throws Error "ERR_VALUE" for an unknown name.
MatmulProvider matmul_provider();
void set_matmul_provider(const std::string& name);

// Defined for float and double.
template <typename T>
void cblas_matmul(const MatmulCallOf<T>& call, const Team& team);
template <typename T>
void cblas_matmul_stack(const MatmulCallOf<T>& first, const MatmulStack& stack);
template <typename T>
int64_t cblas_scratch(const MatmulCallOf<T>& call, int32_t threads);

}  // namespace thalweg
