// Philox4x32-10, a random generator that is a function of a seed and a counter and has no state, so
// that a seed gives the same numbers on any machine, whoever computes which part of them.
// Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#pragma once

#include <array>
#include <cstdint>

namespace thalweg {

// Four words of 32 random bits for one counter. What needs more of them counts `attempt` up: each counter has
// words of its own for every attempt.
inline std::array<uint32_t, 4> philox(uint64_t seed, uint64_t counter, uint32_t attempt = 0) {
  std::array<uint32_t, 4> c = {static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32), attempt,
                               0};
  auto k0 = static_cast<uint32_t>(seed);
  auto k1 = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53} * c[0];
    const uint64_t p1 = uint64_t{0xCD9E8D57} * c[2];
    c = {static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<uint32_t>(p1),
         static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<uint32_t>(p0)};
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return c;
}

// U[0, 1) with all the bits that a double holds, and with those of a float.
inline double uniform64(uint32_t high, uint32_t low) {
  return static_cast<double>((uint64_t{high} << 32 | low) >> 11) * 0x1p-53;
}
inline float uniform32(uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24F; }

}  // namespace thalweg
