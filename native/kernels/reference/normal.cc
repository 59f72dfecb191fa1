// The naive twin of ../normal.cc: one step of the counter after the other.
#include "../normal.h"

#include "../box-muller.h"
#include "../isa/namespace.h"

namespace thalweg::THALWEG_ISA {
namespace {

template <typename T>
void normal_step_by_step(const NormalCall<T>& call) {
  for (int64_t i = 0; i < call.n; ++i) {
    const uint64_t counter = call.counter + static_cast<uint64_t>(i / 4);
    const Words high = philox(call.seed, counter);
    const Words low = philox(seed_of_low_bits(call.seed), counter);
    const int64_t j = i % 4 / 2 * 2;
    const double radius = sqrt_(square_of_radius(uniform64(high.of[j], low.of[j]) * 0x1p32));
    const Circle on = circle(uniform64(high.of[j + 1], low.of[j + 1]) * 0x1p32);
    const double z = radius * (i % 2 == 0 ? on.cosine : on.sine);
    call.y[i] = static_cast<T>(call.mean + call.std * z);
  }
}

}  // namespace

void add_normal(Table& table) { table.normal = {normal_step_by_step<float>, normal_step_by_step<double>}; }

}  // namespace thalweg::THALWEG_ISA
