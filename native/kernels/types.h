// What every kernel is told. Plain data only: this header is read by sources that are compiled
// once per instruction set, so it must not bring in anything that emits code (isa/README.md says why).
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace thalweg {

enum class DType : int32_t { float32, float64, int32, boolean, count };

// One thread's place among those that run a kernel together. Every thread of the team calls the
// kernel with the same arguments and takes its own share of the output.
struct Team {
  int32_t rank = 0;
  int32_t size = 1;
  void (*wait)(void* gate) = nullptr;  // returns once every thread of the team has called it
  void* gate = nullptr;
};

enum class Activation : int32_t { none, relu, tanh, sigmoid };

}  // namespace thalweg
