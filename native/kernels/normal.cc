#include "normal.h"

#include "box-muller.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "isa/namespace.h"
#include "vector.h"

namespace thalweg::THALWEG_ISA {
namespace {

constexpr int64_t kSteps = 16;  // of the counter, at a time
constexpr int64_t kBlock = 4 * kSteps;

// Philox for kSteps steps of the counter, a step in each lane of 64 bits.
class Block {
 public:
  // Word `which` of each step, in the lower 32 bits; the upper ones hold something else.
  const uint64_t* word(int64_t which) const { return words_[which]; }

  void draw(uint64_t seed, uint64_t counter) {
    for (int64_t step = 0; step < kSteps; step += L) {
      uint64_t counters[L];
      for (int64_t l = 0; l < L; ++l) counters[l] = counter + static_cast<uint64_t>(step + l);
      Lanes c[4] = {};
      c[0] = load(static_cast<const uint64_t*>(counters));
      c[1] = c[0] >> 32;
      PhiloxKeys keys(seed);
#pragma GCC unroll 10
      for (int round = 0; round < kPhiloxRounds; ++round, keys.next()) {
        const Lanes first = product_of_lower(c[0], kPhiloxFactors[0]);
        const Lanes second = product_of_lower(c[2], kPhiloxFactors[1]);
        c[0] = (second >> 32) ^ c[1] ^ keys.of[0];
        c[1] = second;
        c[2] = (first >> 32) ^ c[3] ^ keys.of[1];
        c[3] = first;
      }
#pragma GCC unroll 4
      for (int64_t which = 0; which < 4; ++which) store(words_[which] + step, c[which]);
    }
  }

 private:
  using Lanes = Vector<uint64_t>;
  static constexpr int64_t L = kLanes<uint64_t>;

  // Of the lower 32 bits of each lane.
  static inline __attribute__((always_inline)) Lanes product_of_lower(Lanes a, uint32_t b) {
#if defined(__AVX512F__)
    return reinterpret_cast<Lanes>(
        _mm512_maskz_mul_epu32(0xFF, reinterpret_cast<__m512i>(a), _mm512_set1_epi64(b)));
#elif defined(__AVX2__)
    return reinterpret_cast<Lanes>(_mm256_mul_epu32(reinterpret_cast<__m256i>(a), _mm256_set1_epi64x(b)));
#elif defined(__SSE2__)
    return reinterpret_cast<Lanes>(_mm_mul_epu32(reinterpret_cast<__m128i>(a), _mm_set1_epi64x(b)));
#else
    return reinterpret_cast<Lanes>(vmull_n_u32(vmovn_u64(reinterpret_cast<uint64x2_t>(a)), b));
#endif
  }

  alignas(64) uint64_t words_[4][kSteps];
};

template <typename T>
void normal(const NormalCall<T>& call) {
  const double mean = call.mean;
  const double std = call.std;
  Block high, low;
  for (int64_t i = 0; i < call.n; i += kBlock) {
    const uint64_t counter = call.counter + static_cast<uint64_t>(i / 4);
    high.draw(call.seed, counter);
    low.draw(seed_of_low_bits(call.seed), counter);
    alignas(64) T drawn[4][kSteps];
    for (int64_t j = 0; j < 4; j += 2) {
#pragma omp simd
      for (int64_t l = 0; l < kSteps; ++l) {
        const TwoNormals two =
            box_muller(unit(high.word(j)[l], low.word(j)[l]), unit(high.word(j + 1)[l], low.word(j + 1)[l]));
        drawn[j][l] = static_cast<T>(mean + std * two.first);
        drawn[j + 1][l] = static_cast<T>(mean + std * two.second);
      }
    }
    T* const y = call.y + i;
    if (i + kBlock <= call.n) {
      for (int64_t l = 0; l < kSteps; ++l) {
        for (int64_t j = 0; j < 4; ++j) y[4 * l + j] = drawn[j][l];
      }
    } else {
      for (int64_t k = 0; k < call.n - i; ++k) y[k] = drawn[k % 4][k / 4];
    }
  }
}

}  // namespace

void add_normal(Table& table) { table.normal = {normal<float>, normal<double>}; }

}  // namespace thalweg::THALWEG_ISA
