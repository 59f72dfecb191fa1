// Which threads touch the pages of a large memory first: writes how many page faults each of two had while it
// was made, and how many while they wrote one that was left unwritten. Compiled and run by
// first-touch.test.ts, linked with the engine.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "../../native/engine/memory.h"
#include "../../native/engine/threads.h"

namespace {

using namespace thalweg;

constexpr int64_t kBytes = int64_t{256} << 20;

struct Faults {
  long of[2] = {0, 0};
};

Faults faults() {
  Faults now;
  run_on(
      {2, false}, true,
      [](void* context, const Team& team) {
        rusage usage{};
        getrusage(RUSAGE_THREAD, &usage);
        static_cast<Faults*>(context)->of[team.rank] = usage.ru_minflt;
      },
      &now);
  return now;
}

// The part of all page faults that the first of two threads had during `work`.
template <typename Work>
double part_of_first(Work work) {
  const Faults before = faults();
  work();
  const Faults after = faults();
  const auto first = static_cast<double>(after.of[0] - before.of[0]);
  const auto second = static_cast<double>(after.of[1] - before.of[1]);
  return first / (first + second);
}

void fill(void* context, const Team& team) {
  auto* const bytes = static_cast<char*>(static_cast<Memory*>(context)->data());
  const int64_t begin = kBytes * team.rank / team.size;
  std::memset(bytes + begin, 1, static_cast<size_t>(kBytes * (team.rank + 1) / team.size - begin));
}

}  // namespace

int main() {
  set_thread_count(2);
  std::printf("zeros %.3f\n", part_of_first([] {
                const Memory memory(kBytes);
                const auto* const bytes = static_cast<const char*>(memory.data());
                if (std::any_of(bytes, bytes + kBytes, [](char byte) { return byte != 0; }))
                  std::printf("not all are zeros\n");
              }));
  std::printf("unwritten %.3f\n", part_of_first([] {
                Memory memory(kBytes, Contents::unwritten);
                run_on({2, false}, true, fill, &memory);
              }));
}
