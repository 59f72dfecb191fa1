// Memory that will be wanted, brought near while something else is computed.
#pragma once

#include <stdint.h>

#include "isa/namespace.h"

namespace thalweg::THALWEG_ISA {
namespace {

constexpr int64_t kLineBytes = 64;

// Into the second-level cache: the first has no room for what is not read at once.
inline __attribute__((always_inline)) void fetch(const void* line) { __builtin_prefetch(line, 0, 2); }

// A few lines at each step: more at a time would take the places in which the loads of the multipliers wait.
struct Fetch {
  // Row i, or list[i] where there is a list, of so many bytes, is at first + i·stride.
  const char* first;
  int64_t stride, rows, bytes;
  const int32_t* list;
  int64_t lines;  // a step
  int64_t next = 0;
  const char* at = nullptr;
  const char* end = nullptr;

  void step() {
    for (int64_t n = 0; n < lines; ++n) {
      if (at >= end) {
        if (next == rows) return;
        const char* const row = first + (list == nullptr ? next : list[next]) * stride;
        ++next;
        end = row + bytes;
        at = row - reinterpret_cast<uintptr_t>(row) % kLineBytes;
      }
      fetch(at);
      at += kLineBytes;
    }
  }
};

}  // namespace
}  // namespace thalweg::THALWEG_ISA
