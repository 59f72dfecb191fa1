// The machine's peak of fused multiply-adds in float32: chains in registers, no memory.
// Usage: peak THREADS; prints the best GFLOP/s with this many threads at once.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#if defined(__AVX512F__)
constexpr int kBytes = 64;
#elif defined(__AVX__)
constexpr int kBytes = 32;
#else
constexpr int kBytes = 16;
#endif

typedef float Vector __attribute__((vector_size(kBytes)));
constexpr int kLanes = kBytes / sizeof(float);
// Enough for two units with a latency of up to six cycles, and few enough for 16 registers.
constexpr int kChains = 12;
constexpr long kRounds = 1 << 14;

// Each chain is x ← x·a + b. Its fixed point keeps x from growing or vanishing.
static float chains(Vector a, Vector b) {
  Vector x[kChains];
  for (int c = 0; c < kChains; c++) x[c] = b + static_cast<float>(c);
  for (long i = 0; i < kRounds; i++) {
#pragma GCC unroll 12
    for (int c = 0; c < kChains; c++) x[c] = x[c] * a + b;
  }
  Vector sum = x[0];
  for (int c = 1; c < kChains; c++) sum += x[c];
  return sum[0];
}

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  const int threads = argc > 1 ? std::max(1, std::atoi(argv[1])) : 1;
  const auto seconds = [](Clock::duration time) { return std::chrono::duration<double>(time).count(); };
  const double flops = 2.0 * kLanes * kChains * kRounds;
  // Each thread measures its rate every 5 ms for the same 400 ms. The rates of the threads at each time are added.
  std::vector<std::vector<double>> rates(threads);
  std::atomic<int> waiting{threads};
  std::atomic<float> sink{0};
  const auto work = [&](int thread) {
    Vector a, b;
    for (int lane = 0; lane < kLanes; lane++) a[lane] = 0.5f, b[lane] = 1.0f + 0.01f * lane;
    waiting--;
    while (waiting > 0) std::this_thread::yield();
    const auto start = Clock::now();
    for (auto now = start; seconds(now - start) < 0.4;) {
      const auto begin = now;
      long calls = 0;
      do {
        sink = sink + chains(a, b);
        calls++;
        now = Clock::now();
      } while (seconds(now - begin) < 0.005);
      rates[thread].push_back(calls * flops / seconds(now - begin) / 1e9);
    }
  };
  std::vector<std::thread> team;
  for (int thread = 0; thread < threads; thread++) team.emplace_back(work, thread);
  for (auto& member : team) member.join();
  size_t samples = rates[0].size();
  for (const auto& rate : rates) samples = std::min(samples, rate.size());
  double best = 0;
  for (size_t i = 0; i < samples; i++) {
    double sum = 0;
    for (const auto& rate : rates) sum += rate[i];
    best = std::max(best, sum);
  }
  std::printf("%.2f\n", best);
}
