// y [shape]: random numbers of distributions whose parameters are tensors, broadcast by strides that are 0 or
// their own. The state is that of random.h. An element takes the step of the counter that the strides of the
// counter name: those of y's own elements, or 0 along an axis whose samples all get the same random bits.
#pragma once

#include <array>

#include "../description.h"

namespace thalweg {

Task* prepare_standard_gamma(const Operands&, const Table&, TaskStore&);
Task* prepare_log_standard_gamma(const Operands&, const Table&, TaskStore&);
Task* prepare_poisson(const Operands&, const Table&, TaskStore&);
Task* prepare_binomial(const Operands&, const Table&, TaskStore&);

namespace describing {
inline constexpr Layout kOfOneParameter =
    layout({size("rank"), list(size("shape"), "rank"), list(size("stridesCounter"), "rank"),
            list(size("stridesA"), "rank")},
           {reads("state", Elements::float64), reads("a"), writes("y")});
inline constexpr Layout kOfTwoParameters =
    layout({size("rank"), list(size("shape"), "rank"), list(size("stridesCounter"), "rank"),
            list(size("stridesA"), "rank"), list(size("stridesB"), "rank")},
           {reads("state", Elements::float64), reads("a"), reads("b"), writes("y")});
}  // namespace describing

constexpr Instruction describe_sample(const char* name, Prepare prepare, const Layout* layout) {
  return {.name = name,
          .family = "sample",
          .prepare = prepare,
          .layout = layout,
          .takes = takes_floats,
          .can_fail = true,
          .flops_an_element = 0};
}

inline constexpr std::array kSampleInstructions = {
    describe_sample("standard_gamma", prepare_standard_gamma, &describing::kOfOneParameter),
    describe_sample("log_standard_gamma", prepare_log_standard_gamma, &describing::kOfOneParameter),
    describe_sample("poisson", prepare_poisson, &describing::kOfOneParameter),
    describe_sample("binomial", prepare_binomial, &describing::kOfTwoParameters),
};

}  // namespace thalweg
