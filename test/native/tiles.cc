// Holds the products of one build of native/kernels/matmul.cc against those of its naive twin: every layout of
// the operands and every epilogue, over sizes around those of its tiles. Compiled and run by tiles.test.ts, once
// for each struct of tuning.h that it names.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "../../native/kernels/isa/table.h"

namespace thalweg {
namespace reference {
void add_matmul(Table& table);
}
namespace THALWEG_ISA {
void add_matmul(Table& table);
}
}  // namespace thalweg

namespace {

using thalweg::Activation;
using thalweg::MatmulCallOf;
using thalweg::Team;
using thalweg::TileSink;

// Small whole multiples of 1/8: sums are exact in both dtypes but for what an activation does to them.
template <typename T>
std::vector<T> numbers(int64_t count) {
  static uint32_t state = 1;
  std::vector<T> result(static_cast<size_t>(count));
  for (T& x : result) {
    state = state * 1664525 + 1013904223;
    x = static_cast<T>(static_cast<int32_t>(state >> 28) - 8) / 8;
  }
  return result;
}

// Rows from the last to the first.
std::vector<int32_t> reversed(int64_t rows) {
  std::vector<int32_t> list(static_cast<size_t>(rows));
  for (int64_t r = 0; r < rows; ++r) list[static_cast<size_t>(r)] = static_cast<int32_t>(rows - 1 - r);
  return list;
}

template <typename T>
struct Taken {
  T* c;
  int64_t ldc;
};

template <typename T>
void take(const void* self, int64_t i, int64_t j, const T* x, int64_t stride, int64_t rows,
          int64_t columns) {
  const auto& [c, ldc] = *static_cast<const Taken<T>*>(self);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t k = 0; k < columns; ++k) c[(i + r) * ldc + j + k] = x[r * stride + k];
  }
}

struct Epilogue {
  double alpha, beta;
  bool has_bias;
  Activation activation, state_activation;  // none: no state
  bool has_sink;
};
constexpr Epilogue kEpilogues[] = {
    {1, 0, false, Activation::none, Activation::none, false},
    {0.5, 0, true, Activation::none, Activation::none, false},
    {1, 1, false, Activation::none, Activation::none, false},
    {1, -2, true, Activation::tanh, Activation::none, false},
    {1, 0, true, Activation::relu, Activation::none, false},
    {1, 0, false, Activation::none, Activation::relu, false},
    {0.5, 0, false, Activation::sigmoid, Activation::tanh, false},
    {1, 0, false, Activation::none, Activation::none, true},
};

// What is behind a row of c stays as it is.
constexpr int64_t kMargin = 3;

template <typename T>
bool holds(const thalweg::Table& fast, const thalweg::Table& naive, int64_t M, int64_t N, int64_t K, int layout,
           const Epilogue& epilogue) {
  const bool transpose_a = (layout & 1) != 0;
  const bool transpose_b = (layout & 2) != 0;
  const bool scattered = (layout & 4) != 0;
  const int64_t ldc = N + kMargin;
  const auto a = numbers<T>(M * K);
  const auto b = numbers<T>(K * N);
  const auto bias = numbers<T>(N);
  const auto state = numbers<T>(M * ldc);
  const auto a_rows = reversed(transpose_a ? K : M);
  const auto b_rows = reversed(transpose_b ? N : K);
  const auto c = numbers<T>(M * ldc);
  MatmulCallOf<T> call{};
  call.M = M;
  call.N = N;
  call.K = K;
  call.a = a.data();
  call.b = b.data();
  call.lda = transpose_a ? M : K;
  call.ldb = transpose_b ? K : N;
  call.ldc = call.lds = ldc;
  call.a_rows = scattered ? a_rows.data() : nullptr;
  call.b_rows = scattered ? b_rows.data() : nullptr;
  call.transpose_a = transpose_a;
  call.transpose_b = transpose_b;
  call.alpha = static_cast<T>(epilogue.alpha);
  call.beta = static_cast<T>(epilogue.beta);
  call.bias = epilogue.has_bias ? bias.data() : nullptr;
  call.activation = epilogue.activation;
  call.state = epilogue.state_activation == Activation::none ? nullptr : state.data();
  call.state_activation = epilogue.state_activation;

  auto expected = c;
  call.c = expected.data();
  naive.matmul.of<T>()(call, Team{});

  auto actual = c;
  const Taken<T> taken = {actual.data(), ldc};
  const TileSink<T> sink = {&taken, [](const void*, int64_t, int64_t, int64_t, int64_t) {}, take<T>};
  call.c = actual.data();
  if (epilogue.has_sink) {
    call.c = nullptr;
    call.sink = &sink;
  }
  std::vector<std::byte> scratch(static_cast<size_t>(fast.matmul_scratch.of<T>()(call, 1)) + 64);
  const auto at = reinterpret_cast<uintptr_t>(scratch.data());
  call.scratch = scratch.data() + (64 - at % 64) % 64;
  fast.matmul.of<T>()(call, Team{});

  const double tolerance = sizeof(T) == 4 ? 1e-5 : 1e-13;
  for (size_t i = 0; i < c.size(); ++i) {
    const double y = actual[i];
    const double r = expected[i];
    if (std::abs(y - r) <= tolerance * (1 + std::abs(r))) continue;
    std::printf("float%d %lld x %lld x %lld, layout %d, epilogue %d: element %zu is %g, expected %g\n",
                static_cast<int>(8 * sizeof(T)), static_cast<long long>(M), static_cast<long long>(N),
                static_cast<long long>(K), layout, static_cast<int>(&epilogue - kEpilogues), i, y, r);
    return false;
  }
  return true;
}

template <typename T>
int64_t count_wrong(const thalweg::Table& fast, const thalweg::Table& naive, int64_t& calls) {
  constexpr int64_t kSizes[] = {1, 3, 4, 5, 8, 11, 12, 13, 24, 33, 64};
  constexpr int64_t kDepths[] = {0, 1, 3, 8, 17, 64, 300};
  int64_t wrong = 0;
  for (const int64_t M : kSizes) {
    for (const int64_t N : kSizes) {
      for (const int64_t K : kDepths) {
        const int layout = static_cast<int>((M + 3 * N + K) % 8);
        for (const int each : {2, layout}) {
          for (const Epilogue& epilogue : kEpilogues) {
            ++calls;
            wrong += holds<T>(fast, naive, M, N, K, each, epilogue) ? 0 : 1;
          }
        }
      }
    }
  }
  // Of more terms than are added up at once.
  for (const int64_t M : {3, 13}) {
    for (const int64_t N : {13, 64}) {
      for (int layout = 0; layout < 8; ++layout) {
        for (const Epilogue& epilogue : kEpilogues) {
          if (epilogue.has_sink) continue;
          ++calls;
          wrong += holds<T>(fast, naive, M, N, thalweg::Tuning::depth_bytes / static_cast<int64_t>(sizeof(T)) + 9, layout, epilogue) ? 0 : 1;
        }
      }
    }
  }
  return wrong;
}

}  // namespace

int main() {
  thalweg::Table naive{};
  thalweg::Table fast{};
  thalweg::reference::add_matmul(naive);
  thalweg::THALWEG_ISA::add_matmul(fast);
  int64_t calls = 0;
  const int64_t wrong = count_wrong<float>(fast, naive, calls) + count_wrong<double>(fast, naive, calls);
  std::printf("%lld products, %lld wrong\n", static_cast<long long>(calls), static_cast<long long>(wrong));
  return wrong == 0 ? 0 : 1;
}
