// Activations and their derivatives, of numbers; relu's of vectors too.
#pragma once

#include "isa/namespace.h"
#include "math.h"
#include "types.h"

namespace thalweg::THALWEG_ISA {
namespace {

template <Activation activation, typename V>
inline __attribute__((always_inline)) V activated(V x) {
  if constexpr (activation == Activation::relu) return x < 0 ? V{} : x;  // NaN stays
  if constexpr (activation == Activation::tanh) return tanh_(x);
  if constexpr (activation == Activation::sigmoid) return sigmoid_(x);
  return x;
}

// From the activation's result y.
template <Activation activation, typename V>
inline __attribute__((always_inline)) V derivative(V y) {
  if constexpr (activation == Activation::relu) return y > 0 ? V{} + 1 : V{};
  if constexpr (activation == Activation::tanh) return 1 - y * y;
  if constexpr (activation == Activation::sigmoid) return y * (1 - y);
  return V{} + 1;
}

}  // namespace
}  // namespace thalweg::THALWEG_ISA
