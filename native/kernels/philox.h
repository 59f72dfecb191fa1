// Philox4x32-10, a random generator that is a function of a seed and a counter and has no state, so
// that a seed gives the same numbers on any machine, whoever computes which part of them.
// Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#pragma once

#include <stdint.h>

namespace thalweg {

// 32 random bits each.
struct Words {
  uint32_t of[4];
};

constexpr int kPhiloxRounds = 10;
constexpr uint32_t kPhiloxFactors[] = {0xD2511F53, 0xCD9E8D57};

// The keys of a round.
struct PhiloxKeys {
  uint32_t of[2];

  inline __attribute__((always_inline)) explicit PhiloxKeys(uint64_t seed)
      : of{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)} {}

  inline __attribute__((always_inline)) void next() {
    of[0] += 0x9E3779B9;
    of[1] += 0xBB67AE85;
  }
};

// Four words for one counter. What needs more of them counts `attempt` up: each counter has words of its own
// for every attempt.
static inline __attribute__((always_inline)) Words philox(uint64_t seed, uint64_t counter,
                                                          uint32_t attempt = 0) {
  Words c = {{static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32), attempt, 0}};
  PhiloxKeys keys(seed);
  for (int round = 0; round < kPhiloxRounds; ++round, keys.next()) {
    const uint64_t first = uint64_t{kPhiloxFactors[0]} * c.of[0];
    const uint64_t second = uint64_t{kPhiloxFactors[1]} * c.of[2];
    c = {{static_cast<uint32_t>(second >> 32) ^ c.of[1] ^ keys.of[0], static_cast<uint32_t>(second),
          static_cast<uint32_t>(first >> 32) ^ c.of[3] ^ keys.of[1], static_cast<uint32_t>(first)}};
  }
  return c;
}

// The seed of the words that are the low bits of a double.
static inline __attribute__((always_inline)) uint64_t seed_of_low_bits(uint64_t seed) {
  return seed ^ 0x5851F42D4C957F2D;
}

// U[0, 1) with all the bits that a double holds, and with those of a float.
static inline __attribute__((always_inline)) double uniform64(uint32_t high, uint32_t low) {
  return static_cast<double>((uint64_t{high} << 32 | low) >> 11) * 0x1p-53;
}
static inline __attribute__((always_inline)) float uniform32(uint32_t bits) {
  return static_cast<float>(bits >> 8) * 0x1p-24F;
}

}  // namespace thalweg
