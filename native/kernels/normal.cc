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

// Steps of the counter at a time; few for the last numbers.
constexpr int64_t kManySteps = 64;
constexpr int64_t kFewSteps = 16;
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int64_t kRegisters = 32;
#else
constexpr int64_t kRegisters = 16;
#endif

// Philox for kSteps steps of the counter, a step in each lane of 64 bits. The words are in the lower 32 bits
// of a Word; where that has 64, the upper ones hold something else.
template <int64_t kSteps, typename Word>
class Block {
 public:
  // Word `which` of each step.
  const Word* word(int64_t which) const { return words_[which]; }

  void draw(uint64_t seed, uint64_t counter) {
    Lanes lanes;
    for (int64_t l = 0; l < L; ++l) lanes[l] = counter + static_cast<uint64_t>(l);
    for (int64_t step = 0; step < kSteps; step += kVectors * L) {
      Lanes c[kVectors][4] = {};
#pragma GCC unroll 4
      for (int64_t v = 0; v < kVectors; ++v) {
        c[v][0] = lanes + static_cast<uint64_t>(step + v * L);
        c[v][1] = c[v][0] >> 32;
      }
      PhiloxKeys keys(seed);
#pragma GCC unroll 10
      for (int round = 0; round < kPhiloxRounds; ++round, keys.next()) {
        const Lanes of[] = {Lanes{} + uint64_t{keys.of[0]}, Lanes{} + uint64_t{keys.of[1]}};
#pragma GCC unroll 4
        for (int64_t v = 0; v < kVectors; ++v) {
          const Lanes first = product_of_lower(c[v][0], kPhiloxFactors[0]);
          const Lanes second = product_of_lower(c[v][2], kPhiloxFactors[1]);
          c[v][0] = (second >> 32) ^ c[v][1] ^ of[0];
          c[v][1] = second;
          c[v][2] = (first >> 32) ^ c[v][3] ^ of[1];
          c[v][3] = first;
        }
      }
#pragma GCC unroll 4
      for (int64_t v = 0; v < kVectors; ++v) {
#pragma GCC unroll 4
        for (int64_t which = 0; which < 4; ++which) {
          const auto kept = __builtin_convertvector(c[v][which], Kept);
          __builtin_memcpy(words_[which] + step + v * L, &kept, sizeof(kept));
        }
      }
    }
  }

 private:
  using Lanes = Vector<uint64_t>;
  static constexpr int64_t L = kLanes<uint64_t>;
  typedef Word Kept __attribute__((vector_size(L * sizeof(Word))));
  // Of steps at a time, for which a key is loaded once: half of the registers.
  static constexpr int64_t kMost = kRegisters / 8;
  static constexpr int64_t kVectors = kMost * L <= kSteps ? kMost : kSteps / L;

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

  alignas(64) Word words_[4][kSteps];
};

// The uniform numbers of kSteps steps, four a step, as box-muller.h takes them for a T.
template <int64_t kSteps, typename T>
class Uniforms;

// One word has all the digits of a float.
template <int64_t kSteps>
class Uniforms<kSteps, float> {
 public:
  void draw(uint64_t seed, uint64_t counter) { words_.draw(seed, counter); }
  inline __attribute__((always_inline)) uint32_t of(int64_t which, int64_t step) const {
    return words_.word(which)[step];
  }

 private:
  Block<kSteps, uint32_t> words_;
};

// The words of `high_` are the upper bits.
template <int64_t kSteps>
class Uniforms<kSteps, double> {
 public:
  void draw(uint64_t seed, uint64_t counter) {
    high_.draw(seed, counter);
    low_.draw(seed_of_low_bits(seed), counter);
  }
  inline __attribute__((always_inline)) double of(int64_t which, int64_t step) const {
    return unit_scaled(high_.word(which)[step], low_.word(which)[step]);
  }

 private:
  Block<kSteps, uint64_t> high_, low_;
};

// The numbers of each step, to y [kSteps, 4]. In two loops, since the CPU overlaps more iterations of a loop
// whose chain of dependent operations is shorter.
template <int64_t kSteps, typename T>
void transform(const Uniforms<kSteps, T>& uniforms, T mean, T std, T* y) {
  alignas(64) T squares[2][kSteps];
  alignas(64) T drawn[4][kSteps];
  for (int64_t j = 0; j < 2; ++j) {
#pragma omp simd
    for (int64_t l = 0; l < kSteps; ++l) squares[j][l] = square_of_radius(uniforms.of(2 * j, l));
  }
  for (int64_t j = 0; j < 2; ++j) {
#pragma omp simd
    for (int64_t l = 0; l < kSteps; ++l) {
      const Circle<T> on = circle(uniforms.of(2 * j + 1, l));
      const T radius = sqrt_(squares[j][l]);
      drawn[2 * j][l] = mean + std * (radius * on.cosine);
      drawn[2 * j + 1][l] = mean + std * (radius * on.sine);
    }
  }
  for (int64_t l = 0; l < kSteps; ++l) {
    for (int64_t j = 0; j < 4; ++j) y[4 * l + j] = drawn[j][l];
  }
}

template <int64_t kSteps, typename T>
void draw(const NormalCall<T>& call, int64_t i, T* y) {
  Uniforms<kSteps, T> uniforms;
  uniforms.draw(call.seed, call.counter + static_cast<uint64_t>(i / 4));
  transform(uniforms, static_cast<T>(call.mean), static_cast<T>(call.std), y);
}

template <typename T>
void normal(const NormalCall<T>& call) {
  int64_t i = 0;
  for (; i + 4 * kManySteps <= call.n; i += 4 * kManySteps) draw<kManySteps>(call, i, call.y + i);
  for (; i + 4 * kFewSteps <= call.n; i += 4 * kFewSteps) draw<kFewSteps>(call, i, call.y + i);
  if (i < call.n) {
    alignas(64) T drawn[4 * kFewSteps];
    draw<kFewSteps>(call, i, drawn);
    for (int64_t k = 0; k < call.n - i; ++k) call.y[i + k] = drawn[k];
  }
}

}  // namespace

void add_normal(Table& table) { table.normal = {normal<float>, normal<double>}; }

}  // namespace thalweg::THALWEG_ISA
