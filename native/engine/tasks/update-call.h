// What the tasks that update parameters have in common: their settings and state.
#pragma once

#include "../../kernels/update.h"
#include "../operands.h"

namespace thalweg {

// Threads share elements, of several small parameters as if they lay one behind the other, in whole cache
// lines.
constexpr int64_t kGrain = 64;

// What it takes for one element, on one thread.
template <typename Call>
constexpr double kUpdateNanoseconds = 0;
template <>
inline constexpr double kUpdateNanoseconds<SgdCall<float>> = 0.1;
template <>
inline constexpr double kUpdateNanoseconds<SgdCall<double>> = 0.2;
template <>
inline constexpr double kUpdateNanoseconds<AdamCall<float>> = 0.3;
template <>
inline constexpr double kUpdateNanoseconds<AdamCall<double>> = 0.6;

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

template <typename T>
void read_settings(Operands& operands, SgdCall<T>& call) {
  call.momentum = operands.number();
  call.dampening = operands.number();
  call.weight_decay = operands.number();
  call.nesterov = operands.flag();
  call.maximize = operands.flag();
}

template <typename T>
void read_settings(Operands& operands, AdamCall<T>& call) {
  call.beta1 = operands.number();
  call.beta2 = operands.number();
  call.eps = operands.number();
  call.weight_decay = operands.number();
  call.decoupled = operands.flag();
  call.maximize = operands.flag();
}

template <typename T>
void read_state(Operands& operands, int64_t n, DType dtype, SgdCall<T>& call) {
  call.velocity = static_cast<T*>(operands.optional(n, dtype));
  if (call.velocity == nullptr && call.momentum != 0)
    operands.fail("ERR_SHAPE", "momentum without a velocity");
}

template <typename T>
void read_state(Operands& operands, int64_t n, DType dtype, AdamCall<T>& call) {
  call.m = static_cast<T*>(operands.buffer(n, dtype));
  call.v = static_cast<T*>(operands.buffer(n, dtype));
  call.v_max = static_cast<T*>(operands.optional(n, dtype));
}

// Whether there is a state for a momentum other than the one of the settings.
template <typename T>
bool takes_momentum(const SgdCall<T>& call) {
  return call.velocity != nullptr;
}
template <typename T>
bool takes_momentum(const AdamCall<T>&) {
  return true;
}

// What follows the gradient.
template <typename Call>
void read_rest(Operands& operands, DType dtype, Parameter<Call>& parameter) {
  read_state(operands, parameter.n, dtype, parameter.call);
  parameter.lr = static_cast<const double*>(operands.buffer(1, DType::float64));
  parameter.step = static_cast<const double*>(operands.buffer(1, DType::float64));
  parameter.momentum = static_cast<const double*>(operands.optional(1, DType::float64));
  if (parameter.momentum != nullptr && !takes_momentum(parameter.call))
    operands.fail("ERR_SHAPE", "momentum without a velocity");
}

}  // namespace thalweg
