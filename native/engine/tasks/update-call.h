// What the tasks that update parameters have in common: their settings and state.
#pragma once

#include <type_traits>

#include "../../kernels/update.h"
#include "../costs.h"
#include "../operands.h"

namespace thalweg {

// Threads share elements in whole cache lines, those of several small parameters as if they were one array.
constexpr int64_t kGrain = 64;

template <typename Call>
constexpr Cost kUpdateCost = Cost::sgd;
template <typename T>
inline constexpr Cost kUpdateCost<AdamCall<T>> = Cost::adam;

template <typename Call>
struct Parameter {
  Call call;
  int64_t n;
  int64_t begin;  // elements of the small parameters before it, rounded up to whole grains
  const double* lr;
  const double* step;
  const double* momentum;  // null: as in the call
};

template <typename T>
void set_step(SgdCall<T>& call, double step) {
  call.first = step <= 1;
}
template <typename T>
void set_momentum(SgdCall<T>& call, double momentum) {
  call.momentum = momentum;
}
template <typename T>
void set_momentum(AdamCall<T>& call, double momentum) {
  call.beta1 = momentum;
}
template <typename T>
void set_step(AdamCall<T>& call, double step) {
  call.step = step;
}

// The call with what is known only while it runs.
template <typename Call>
Call ready(const Parameter<Call>& parameter) {
  Call call = parameter.call;
  call.lr = *parameter.lr;
  set_step(call, *parameter.step);
  if (parameter.momentum != nullptr) set_momentum(call, *parameter.momentum);
  return call;
}

template <const Layout& L, typename T>
void read_settings(const Named<L>& named, SgdCall<T>& call) {
  call.momentum = named.number("momentum");
  call.dampening = named.number("dampening");
  call.weight_decay = named.number("weightDecay");
  call.nesterov = named.flag("nesterov");
  call.maximize = named.flag("maximize");
}

template <const Layout& L, typename T>
void read_settings(const Named<L>& named, AdamCall<T>& call) {
  call.beta1 = named.number("beta1");
  call.beta2 = named.number("beta2");
  call.eps = named.number("eps");
  call.weight_decay = named.number("weightDecay");
  call.decoupled = named.flag("decoupled");
  call.maximize = named.flag("maximize");
}

// The state of the `at`-th tensor, and what stands for its momentum.
template <const Layout& L, typename T>
void read_state(const Named<L>& named, int64_t at, Parameter<SgdCall<T>>& parameter) {
  SgdCall<T>& call = parameter.call;
  call.velocity = named.template write<T>("velocity", parameter.n, at);
  parameter.momentum = named.template read<double>("momentum", 1, at);
  const bool moves = call.momentum != 0 || parameter.momentum != nullptr;
  if (moves && call.velocity == nullptr) named.fail("ERR_SHAPE", "momentum without a velocity");
}

template <const Layout& L, typename T>
void read_state(const Named<L>& named, int64_t at, Parameter<AdamCall<T>>& parameter) {
  AdamCall<T>& call = parameter.call;
  call.m = named.template write<T>("m", parameter.n, at);
  call.v = named.template write<T>("v", parameter.n, at);
  call.v_max = named.template write<T>("maxV", parameter.n, at);
  parameter.momentum = named.template read<double>("beta1", 1, at);
}

// The `at`-th tensor of n elements, but for its gradient.
template <const Layout& L, typename Call>
void read_parameter(const Named<L>& named, int64_t at, Parameter<Call>& parameter) {
  using T = std::remove_pointer_t<decltype(parameter.call.w)>;
  parameter.call.w = named.template write<T>("w", parameter.n, at);
  read_state(named, at, parameter);
  parameter.lr = named.template read<double>("lr", 1, at);
  parameter.step = named.template read<double>("step", 1, at);
}

// The arithmetic on one weight, by the settings that say something.
template <const Layout& L>
double flops_of_update(const Named<L>& named) {
  if constexpr (L.has_param("beta1")) {
    return named.number("weightDecay") == 0 ? 12 : 14;
  } else {
    return 2 + 3 * (named.number("momentum") != 0) + 2 * (named.number("weightDecay") != 0) +
           2 * named.flag("nesterov");
  }
}

}  // namespace thalweg
