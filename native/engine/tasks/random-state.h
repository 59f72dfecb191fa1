// The state of a generator as a tensor [3]: the seed's low and high 32 bits, and the counter.
#pragma once

#include <cstdint>

namespace thalweg {

struct RandomState {
  uint64_t seed, counter;
};

// What is drawn from `offset` steps after the state. That is a tensor's memory: whatever it holds, this is
// defined.
inline RandomState read_state(const double* state, int64_t offset = 0) {
  const auto whole = [](double value) {
    return value >= 0 && value < 0x1p53 ? static_cast<uint64_t>(value) : uint64_t{0};
  };
  return {whole(state[1]) << 32 | (whole(state[0]) & 0xFFFFFFFF),
          whole(state[2]) + static_cast<uint64_t>(offset)};
}

}  // namespace thalweg
