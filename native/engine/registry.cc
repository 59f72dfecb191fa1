#include "registry.h"

#include <array>

#include "tasks/chain.h"
#include "tasks/check.h"
#include "tasks/concat.h"
#include "tasks/cross-entropy.h"
#include "tasks/elementwise.h"
#include "tasks/index.h"
#include "tasks/linear-algebra.h"
#include "tasks/matmul-batch.h"
#include "tasks/matmul.h"
#include "tasks/order.h"
#include "tasks/random.h"
#include "tasks/reduce.h"
#include "tasks/rows.h"
#include "tasks/sample.h"
#include "tasks/sparse.h"
#include "tasks/strided.h"
#include "tasks/update.h"

namespace thalweg {
namespace {

template <size_t... Counts>
consteval auto join(const std::array<Instruction, Counts>&... lists) {
  std::array<Instruction, (Counts + ...)> all{};
  size_t at = 0;
  const auto append = [&](const auto& list) {
    for (const Instruction& one : list) all[at++] = one;
  };
  (append(lists), ...);
  return all;
}

// What the header of each task declares.
constexpr auto kInstructions = join(
    kElementwiseInstructions, kReduceInstructions, kRowsInstructions, kCrossEntropyInstructions,
    kIndexInstructions, kStridedInstructions, kConcatInstructions, kOrderInstructions, kCheckInstructions,
    kChainInstructions, kMatmulInstructions, kMatmulBatchInstructions, kSparseInstructions,
    kLinearAlgebraInstructions, kRandomInstructions, kSampleInstructions, kUpdateInstructions);

}  // namespace

std::span<const Instruction> instructions() { return kInstructions; }

}  // namespace thalweg
