// The cost −ln softmax(y)_t of rows of scores y [rows, n] with labels t [rows], its derivative, or both in
// one pass.
#pragma once

#include <array>

#include "../description.h"

namespace thalweg {

enum class CrossEntropy : int32_t { cost, derivative, both };

Task* prepare_cross_entropy(const Operands&, const Table&, TaskStore&);

namespace describing {

// d [rows] is the derivative by the loss [rows], dy [rows, n] that by y.
inline constexpr Layout kCrossEntropyCost =
    layout({size("rows"), size("n")}, {reads("y"), reads("target", Elements::int32), writes("loss")});
inline constexpr Layout kCrossEntropyDerivative = layout(
    {size("rows"), size("n")}, {reads("y"), reads("target", Elements::int32), reads("d"), writes("dy")});
inline constexpr Layout kCrossEntropyBoth =
    layout({size("rows"), size("n")},
           {reads("y"), reads("target", Elements::int32), reads("d"), writes("loss"), writes("dy")});

}  // namespace describing

constexpr Instruction describe_cross_entropy(const char* name, const Layout& layout, CrossEntropy kernel,
                                             double flops) {
  return {.name = name,
          .family = "cross_entropy",
          .prepare = prepare_cross_entropy,
          .layout = &layout,
          .takes = takes_floats,
          .kernel = static_cast<int32_t>(kernel),
          .can_fail = true,
          .flops_an_element = flops};
}

inline constexpr std::array kCrossEntropyInstructions = {
    describe_cross_entropy("cross_entropy", describing::kCrossEntropyCost, CrossEntropy::cost, 4),
    describe_cross_entropy("cross_entropy_slope", describing::kCrossEntropyDerivative,
                           CrossEntropy::derivative, 6),
    describe_cross_entropy("cross_entropy_both", describing::kCrossEntropyBoth, CrossEntropy::both, 7),
};

}  // namespace thalweg
