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

void cblas_matmul_f32(const MatmulCall<float>& call, const Team& team);
void cblas_matmul_f64(const MatmulCall<double>& call, const Team& team);
int64_t cblas_scratch_f32(const MatmulCall<float>& call, int32_t threads);
int64_t cblas_scratch_f64(const MatmulCall<double>& call, int32_t threads);

}  // namespace thalweg
