// What the tasks that call the matmul kernels have in common.
#pragma once

#include "../../kernels/isa/table.h"
#include "../caches.h"
#include "../cblas.h"
#include "../costs.h"
#include "../dtypes.h"
#include "../operands.h"
#include "../task.h"
#include "../thread-count.h"

namespace thalweg {

// Who forms a product.
template <typename T>
struct MatmulKernel {
  MatmulFn<T> run;
  MatmulStackFn<T> run_stack;
  MatmulScratchFn<T> scratch_of;
  bool own;  // not CBLAS, which knows no scattered rows
};

// The sizes, and the rows of op(a), op(b) and c one after the other.
template <typename T, const Layout& L>
void read_sizes(const Named<L>& named, MatmulCallOf<T>& call) {
  call.caches = caches();
  call.M = named.size("M");
  call.N = named.size("N");
  call.K = named.size("K");
  call.transpose_a = named.flag("transposeA");
  call.transpose_b = named.flag("transposeB");
  const bool beyond_int = call.M > INT32_MAX || call.N > INT32_MAX || call.K > INT32_MAX;
  if (matmul_provider() == MatmulProvider::cblas && beyond_int) {
    named.fail("ERR_SHAPE", "CBLAS takes sizes below 2^31");
  }
  call.lda = call.transpose_a ? call.M : call.K;
  call.ldb = call.transpose_b ? call.K : call.N;
  call.ldc = call.N;
  call.lds = call.N;
}

// What a task is estimated to take from which on its threads take pieces of each other's shares. Others are
// done on one thread, or are over before a thread could help.
constexpr double kSharedNanoseconds = 20'000;

// Has the threads take pieces of each other's shares where the task takes long enough.
template <typename T>
void share_pieces(MatmulCallOf<T>& call, double nanoseconds, TaskStore& store) {
  const int32_t threads = thread_count();
  if (threads == 1 || nanoseconds < kSharedNanoseconds) return;
  call.taken = store.array<PiecesTaken>(static_cast<size_t>(threads));
  call.takers = threads;
}

// Stands for rows that each step names anew.
inline constexpr int32_t kRowsOfAStep[1] = {0};

// A product whose factors may be samples of a loop, read where they lie.
template <typename T>
struct SampledProduct {
  MatmulKernel<T> kernel;
  MatmulCallOf<T> call;
  Samples samples[2];  // of a and b

  // Of the factors, the one at 0 or at 1.
  bool can_read(size_t factor, int64_t batch) const {
    if (!kernel.own || factor > 1) return false;
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

// Calls prepare(kernel) with the product of the operands' dtype, by our kernels or by CBLAS.
template <typename Prepare>
Task* with_matmul(const Operands& operands, const Table& table, const Prepare& prepare) {
  const bool own = matmul_provider() == MatmulProvider::own;
  return visit_types<float, double>(
      operands, operands.dtype(), [&]<typename T>(std::type_identity<T>) -> Task* {
        return prepare(own ? MatmulKernel<T>{table.matmul.of<T>(), table.matmul_stack.of<T>(),
                                             table.matmul_scratch.of<T>(), own}
                           : MatmulKernel<T>{cblas_matmul<T>, cblas_matmul_stack<T>, cblas_scratch<T>, own});
      });
}

}  // namespace thalweg
