#include "costs.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include "caches.h"
#include "cpu.h"
#include "memory.h"

namespace thalweg {
namespace {

struct Nanoseconds {
  double float32, float64;
};

constexpr Nanoseconds kNanoseconds[] = {
#define THALWEG_X(name, float32, float64) {float32, float64},
    THALWEG_COSTS(THALWEG_X)
#undef THALWEG_X
};

// Multiply-adds of float32 a nanosecond, by the matrix product in use on one thread: what this machine does.
double measure() {
  constexpr int64_t n = 64;
  const Memory memory(3 * n * n * static_cast<int64_t>(sizeof(float)));
  auto* const a = static_cast<float*>(memory.data());
  MatmulCallOf<float> call{};
  call.caches = caches();
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

double multiply_adds_a_nanosecond() {
  static const double rate = std::clamp(measure(), 0.1, 1000.0);
  return rate;
}

}  // namespace

double nanoseconds_of(Cost cost, DType dtype, double elements) {
  const Nanoseconds& each = kNanoseconds[static_cast<int32_t>(cost)];
  return elements * (dtype == DType::float64 ? each.float64 : each.float32);
}

double product_nanoseconds(DType dtype, int64_t results, int64_t K) {
  const double rate = multiply_adds_a_nanosecond() * 4 / static_cast<double>(bytes_of(dtype));
  return static_cast<double>(results) * static_cast<double>(K) / rate + static_cast<double>(results) / 16;
}

}  // namespace thalweg
