#include "costs.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include "cpu.h"
#include "memory.h"

namespace thalweg {
namespace {

double measure() {
  constexpr int64_t n = 64;
  const Memory memory(3 * n * n * static_cast<int64_t>(sizeof(float)));
  auto* const a = static_cast<float*>(memory.data());
  MatmulCallOf<float> call{};
  call.M = call.N = call.K = n;
  call.a = a;
  call.b = a + n * n;
  call.c = a + 2 * n * n;
  call.lda = call.ldb = call.ldc = call.lds = n;
  call.alpha = 1;
  const Memory scratch(kernel_table().matmul_scratch.float32(call, 1));
  call.scratch = scratch.data();
  double best = 1e9;
  for (int i = 0; i < 4; ++i) {
    const auto started = std::chrono::steady_clock::now();
    kernel_table().matmul.float32(call, Team{});
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - started;
    best = std::min(best, took.count());
  }
  return static_cast<double>(n * n * n) / std::max(best, 1.0);
}

}  // namespace

double multiply_adds_a_nanosecond() {
  static const double rate = std::clamp(measure(), 0.1, 1000.0);
  return rate;
}

}  // namespace thalweg
