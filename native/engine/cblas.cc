#include "cblas.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>

#include "cpu.h"
#include "error.h"
#include "task.h"

#if defined(THALWEG_BLAS_OPENBLAS)
#define THALWEG_HAS_CBLAS
#include <cblas.h>
#elif defined(THALWEG_BLAS_ACCELERATE)
#define THALWEG_HAS_CBLAS
#include <Accelerate/Accelerate.h>
#endif

namespace thalweg {
namespace {

MatmulProvider provider_named(const std::string& name, const char* who) {
  if (name == "own") return MatmulProvider::own;
#if defined(THALWEG_HAS_CBLAS)
  if (name == "cblas") return MatmulProvider::cblas;
#endif
  std::string known;
  for (const std::string& provider : matmul_providers()) known += (known.empty() ? "" : ", ") + provider;
  throw Error("ERR_VALUE",
              std::string(who) + ": no matmul provider \"" + name + "\"; this build has " + known);
}

std::atomic<MatmulProvider>& provider_setting() {
  static std::atomic<MatmulProvider> provider{[] {
    const char* wanted = std::getenv("THALWEG_MATMUL");
    const bool is_set = wanted != nullptr && *wanted != '\0';
    return is_set ? provider_named(wanted, "THALWEG_MATMUL") : MatmulProvider::own;
  }()};
  return provider;
}

#if defined(THALWEG_HAS_CBLAS)

// CBLAS wants a stride of at least 1, of empty matrices too.
int stride(int64_t elements) { return static_cast<int>(elements < 1 ? 1 : elements); }

void gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, const MatmulCallOf<float>& m, int64_t rows, const float* a,
          float* c) {
  cblas_sgemm(CblasRowMajor, ta, tb, static_cast<int>(rows), static_cast<int>(m.N), static_cast<int>(m.K),
              m.alpha, a, stride(m.lda), m.b, stride(m.ldb), m.beta, c, stride(m.ldc));
}

void gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, const MatmulCallOf<double>& m, int64_t rows,
          const double* a, double* c) {
  cblas_dgemm(CblasRowMajor, ta, tb, static_cast<int>(rows), static_cast<int>(m.N), static_cast<int>(m.K),
              m.alpha, a, stride(m.lda), m.b, stride(m.ldb), m.beta, c, stride(m.ldc));
}

// A single-threaded BLAS computes some rows of c. The product is BLAS's; bias, activation and derivative are
// our own kernel's, over a product of depth 0.
template <typename T>
void multiply_rows(const MatmulCallOf<T>& call, Range rows, MatmulFn<T> epilogue) {
  const int64_t count = rows.end - rows.begin;
  MatmulCallOf<T> mine = call;
  mine.M = count;
  mine.c = call.c + rows.begin * call.ldc;
  const T* a = call.a + (call.transpose_a ? rows.begin : rows.begin * call.lda);
  gemm(call.transpose_a ? CblasTrans : CblasNoTrans, call.transpose_b ? CblasTrans : CblasNoTrans, call,
       count, a, mine.c);
  if (call.bias == nullptr && call.activation == Activation::none && call.state == nullptr) return;
  mine.K = 0;
  mine.beta = 1;
  if (call.state != nullptr) mine.state = call.state + rows.begin * call.lds;
  epilogue(mine, Team{});
}

// The rows are cut by their number alone and each thread of ours takes whole pieces: how a BLAS adds up
// depends on how many rows it is given.
template <typename T>
void matmul(const MatmulCallOf<T>& call, const Team& team, MatmulFn<T> epilogue) {
  constexpr int64_t kPieces = 8;
  constexpr int64_t kLeastRows = 64;
  const int64_t rows = std::max(kLeastRows, (call.M + kPieces - 1) / kPieces);
  const Range mine = share((call.M + rows - 1) / rows, team);
  for (int64_t i = mine.begin; i < mine.end; ++i) {
    multiply_rows(call, {i * rows, std::min((i + 1) * rows, call.M)}, epilogue);
  }
}

#endif

}  // namespace

std::vector<std::string> matmul_providers() {
#if defined(THALWEG_HAS_CBLAS)
  return {"own", "cblas"};
#else
  return {"own"};
#endif
}

MatmulProvider matmul_provider() { return provider_setting().load(std::memory_order_relaxed); }

void set_matmul_provider(const std::string& name) {
  provider_setting().store(provider_named(name, "setBackend"), std::memory_order_relaxed);
}

#if defined(THALWEG_HAS_CBLAS)

// OpenBLAS keeps to one thread: ours are the threads.
static void use_one_thread() {
  static const bool done = [] {
    openblas_set_num_threads(1);
    return true;
  }();
  (void)done;
}

template <typename T>
void cblas_matmul(const MatmulCallOf<T>& call, const Team& team) {
  use_one_thread();
  matmul(call, team, kernel_table().matmul.of<T>());
}

#else

// Never chosen: provider_named() refuses "cblas" in this build.
template <typename T>
void cblas_matmul(const MatmulCallOf<T>&, const Team&) {}

#endif

template <typename T>
void cblas_matmul_stack(const MatmulCallOf<T>& first, const MatmulStack& stack) {
  run_each<T>(cblas_matmul<T>, first, stack);
}

// The epilogue runs on each thread by itself, over a product of depth 0: nothing is packed.
template <typename T>
int64_t cblas_scratch(const MatmulCallOf<T>&, int32_t) {
  return 0;
}

template void cblas_matmul<float>(const MatmulCallOf<float>&, const Team&);
template void cblas_matmul<double>(const MatmulCallOf<double>&, const Team&);
template void cblas_matmul_stack<float>(const MatmulCallOf<float>&, const MatmulStack&);
template void cblas_matmul_stack<double>(const MatmulCallOf<double>&, const MatmulStack&);
template int64_t cblas_scratch<float>(const MatmulCallOf<float>&, int32_t);
template int64_t cblas_scratch<double>(const MatmulCallOf<double>&, int32_t);

}  // namespace thalweg
