// Memory that is needed later, brought into the cache while something else is computed.
#pragma once

#include <stdint.h>

#include "isa/namespace.h"
#include "isa/tuning.h"

namespace thalweg::THALWEG_ISA {
namespace {

// Into the second-level cache: the first has no room for what is not read at once.
inline __attribute__((always_inline)) void prefetch(const void* line) { __builtin_prefetch(line, 0, 2); }

// Rows in memory, prefetched a few cache lines at a step.
struct Prefetch {
  // Row i, or list[i] where there is a list, is at first + i·stride and has this many bytes.
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
        at = row - reinterpret_cast<uintptr_t>(row) % Tuning::cache_line_bytes;
      }
      prefetch(at);
      at += Tuning::cache_line_bytes;
    }
  }
};

}  // namespace
}  // namespace thalweg::THALWEG_ISA
