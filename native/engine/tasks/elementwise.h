// y [shape] = f(inputs), each input broadcast by strides that are 0 or its own.
#pragma once

#include <array>
#include <span>

#include "../costs.h"
#include "../description.h"

namespace thalweg {

constexpr int32_t kMaxElementwiseInputs = 3;

namespace describing {

// Of one axis or more; the last stride of each input is 0 or 1.
inline constexpr Layout kUnary = layout(
    {size("rank"), list(size("shape"), "rank"), list(size("stridesX"), "rank")}, {reads("x"), writes("y")});
inline constexpr Layout kBinary = layout({size("rank"), list(size("shape"), "rank"),
                                          list(size("stridesA"), "rank"), list(size("stridesB"), "rank")},
                                         {reads("a"), reads("b"), writes("y")});
inline constexpr Layout kWhere =
    layout({size("rank"), list(size("shape"), "rank"), list(size("stridesCondition"), "rank"),
            list(size("stridesA"), "rank"), list(size("stridesB"), "rank")},
           {reads("condition", Elements::boolean), reads("a"), reads("b"), writes("y")});
inline constexpr Layout kTernary =
    layout({size("rank"), list(size("shape"), "rank"), list(size("stridesA"), "rank"),
            list(size("stridesB"), "rank"), list(size("stridesC"), "rank")},
           {reads("a"), reads("b"), reads("c"), writes("y")});
constexpr const Layout* kOfInputs[] = {nullptr, &kUnary, &kBinary, &kTernary};

}  // namespace describing

Task* prepare_elementwise(const Operands&, const Table&, TaskStore&);

// Whether it may be part of a chain.
constexpr bool is_elementwise(const Instruction& instruction) {
  return instruction.prepare == prepare_elementwise;
}

inline bool has_elementwise(const Instruction& self, const Table& table, DType dtype) {
  return table.elementwise[static_cast<Elementwise>(self.kernel)][dtype] != nullptr;
}

constexpr Instruction describe_elementwise(Elementwise kernel) {
  const ElementwiseInfo& info = info_of(kernel);
  return {.name = info.name,
          .family = "elementwise",
          .prepare = prepare_elementwise,
          .layout = kernel == Elementwise::where ? &describing::kWhere : describing::kOfInputs[info.inputs],
          .takes = has_elementwise,
          .kernel = static_cast<int32_t>(kernel),
          .gives = info.gives,
          .moves = kernel == Elementwise::copy};
}

inline constexpr std::array kElementwiseInstructions = {
#define THALWEG_X(name, ...) describe_elementwise(Elementwise::name),
    THALWEG_ELEMENTWISE(THALWEG_X)
#undef THALWEG_X
};

// A kernel within a chain.
struct ElementwiseOp {
  ElementwiseFn kernel;
  DType result;
  Cost cost;
};

// What an instruction does to inputs of these dtypes, within the one that has the operands. Throws Error
// where it is not defined for them.
ElementwiseOp elementwise_op(const Instruction& self, std::span<const DType> inputs, const Operands& operands,
                             const Table& table);

}  // namespace thalweg
