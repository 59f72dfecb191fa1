// Teams of 1 to 64 threads, and some more, wait for each other at one barrier many times. Compiled and run by
// barrier.test.ts, under ThreadSanitizer.
#include "../../native/engine/barrier.h"

#include <cstdio>
#include <memory>
#include <thread>
#include <vector>

using thalweg::Barrier;
using thalweg::BarrierNode;
using thalweg::Cores;

namespace {

constexpr int kRounds = 6;

// Every thread says its round and then looks at what all have said, which are plain numbers: the sanitizer sees
// where the barrier does not order them.
int wrong_answers(int32_t size, BarrierNode* nodes) {
  Cores cores(size);
  Barrier barrier(size, cores, nodes);
  std::vector<int> said(static_cast<size_t>(size), -1);
  std::vector<int> wrong(static_cast<size_t>(size), 0);
  std::vector<std::thread> team;
  for (int32_t rank = 0; rank < size; ++rank) {
    team.emplace_back([&, rank] {
      for (int round = 0; round < kRounds; ++round) {
        said[static_cast<size_t>(rank)] = round;
        barrier.wait(rank);
        for (const int other : said) wrong[static_cast<size_t>(rank)] += other != round;
        barrier.wait(rank);
      }
    });
  }
  int sum = 0;
  for (int32_t rank = 0; rank < size; ++rank) {
    team[static_cast<size_t>(rank)].join();
    sum += wrong[static_cast<size_t>(rank)];
  }
  return sum;
}

}  // namespace

int main() {
  constexpr int32_t kMost = 130;
  // One set of nodes for all teams, small ones between large ones too, as a leader has it.
  const auto nodes = std::make_unique<BarrierNode[]>(static_cast<size_t>(Barrier::nodes_for(kMost)));
  int wrong = wrong_answers(kMost, nodes.get());
  for (int32_t size = 1; size <= 64; ++size) {
    wrong += wrong_answers(size, nodes.get());
    if (size % 8 == 1) wrong += wrong_answers(64, nodes.get());
  }
  std::printf("%d wrong\n", wrong);
  return wrong == 0 ? 0 : 1;
}
