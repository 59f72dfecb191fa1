// The naive twin of ../normal.cc: one step of the counter after the other.
#include "../normal.h"

#include "../box-muller.h"
#include "../isa/namespace.h"

namespace thalweg::THALWEG_ISA {
namespace {

// The uniform number `which` of a step, as box-muller.h takes it for a T.
template <typename T>
auto uniform_of(uint64_t seed, uint64_t counter, int64_t which) {
  const uint32_t high = philox(seed, counter).of[which];
  if constexpr (sizeof(T) == 4) {
    return high;
  } else {
    return uniform64(high, philox(seed_of_low_bits(seed), counter).of[which]) * 0x1p32;
  }
}

template <typename T>
void normal_step_by_step(const NormalCall<T>& call) {
  for (int64_t i = 0; i < call.n; ++i) {
    const uint64_t counter = call.counter + static_cast<uint64_t>(i / 4);
    const int64_t j = i % 4 / 2 * 2;
    const T radius = sqrt_(square_of_radius(uniform_of<T>(call.seed, counter, j)));
    const Circle<T> on = circle(uniform_of<T>(call.seed, counter, j + 1));
    const T z = radius * (i % 2 == 0 ? on.cosine : on.sine);
    call.y[i] = static_cast<T>(call.mean) + static_cast<T>(call.std) * z;
  }
}

}  // namespace

void add_normal(Table& table) { table.normal = {normal_step_by_step<float>, normal_step_by_step<double>}; }

}  // namespace thalweg::THALWEG_ISA
