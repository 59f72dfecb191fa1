// Work of the process's one team, under ThreadSanitizer: products by 1 to 9 threads, asked for by two threads
// and by the engine's own at once, while teams of other sizes are formed. All must have the same bits.
// Compiled and run by team.slow.test.ts, with the engine and the products of one instruction set.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <future>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "../../native/engine/cpu.h"
#include "../../native/engine/make-task.h"
#include "../../native/engine/memory.h"
#include "../../native/engine/registry.h"
#include "../../native/engine/threads.h"

namespace {

using namespace thalweg;

struct Product {
  int64_t M, N, K;
  bool transpose_a, transpose_b;
};
// By tiles, with a packed by all together and by each; of few rows; as dot products, by tiles of them.
constexpr Product kProducts[] = {
    {96, 256, 320, false, false}, {96, 256, 320, true, false}, {300, 40, 130, false, true},
    {1, 400, 300, false, true},   {32, 60, 600, false, true},  {5, 33, 1100, false, false},
};
constexpr int32_t kTeams[] = {1, 2, 3, 9, 4};

std::vector<float> numbers(int64_t count, uint32_t state) {
  std::vector<float> result(static_cast<size_t>(count));
  for (float& x : result) {
    state = state * 1664525 + 1013904223;
    x = static_cast<float>(static_cast<int32_t>(state >> 16)) / 65536 - 0.5F;
  }
  return result;
}

std::vector<float> multiply(const Product& p, int32_t threads) {
  auto a = numbers(p.M * p.K, 1);
  auto b = numbers(p.K * p.N, 2);
  std::vector<float> c(static_cast<size_t>(p.M * p.N));
  const auto all = instructions();
  const auto self = std::find_if(all.begin(), all.end(),
                                 [](const Instruction& one) { return std::string("matmul") == one.name; });
  const auto d = [](auto x) { return static_cast<double>(x); };
  const std::vector<double> params = {d(p.M), d(p.N), d(p.K), d(p.transpose_a), d(p.transpose_b), 1, 0, 0, 0};
  const View none;
  const std::vector<View> views = {
      {a.data(), p.M * p.K}, {b.data(), p.K * p.N}, none, none, {c.data(), p.M * p.N}, none, none};
  TaskStore store;
  const Table& table = kernel_table();
  struct Run {
    const Task* task;
    void* scratch;
    Failure::Shared failure;
  } run{make_task(Operands(*self, views, params, table), table, store), nullptr, {}};
  const Memory scratch(run.task->scratch_bytes(threads), Contents::unwritten);
  run.scratch = scratch.data();
  run_on(
      {threads, false}, run.task->has_barriers,
      [](void* context, const Team& team) {
        Run& it = *static_cast<Run*>(context);
        it.task->run(team, it.scratch, Failure(it.failure));
      },
      &run);
  return c;
}

using Results = std::vector<std::vector<float>>;

Results multiply_all(int32_t threads) {
  Results results;
  for (const Product& each : kProducts) results.push_back(multiply(each, threads));
  return results;
}

}  // namespace

int main() {
  set_thread_count(1);
  const Results expected = multiply_all(1);
  int wrong = 0;
  for (const int32_t threads : kTeams) {
    set_thread_count(threads);
    std::promise<Results> engines;
    std::promise<Results> asides;
    submit([&] { engines.set_value(multiply_all(threads)); });
    submit_aside([&] { asides.set_value(multiply_all(1)); });
    Results others;
    std::thread other([&] { others = multiply_all(threads); });
    const Memory zeros(int64_t{8} << 20);
    const Results own = multiply_all(threads);
    other.join();
    for (const Results& each : {own, others, engines.get_future().get(), asides.get_future().get()})
      wrong += each == expected ? 0 : 1;
    const auto* const bytes = static_cast<const char*>(zeros.data());
    wrong += std::all_of(bytes, bytes + zeros.bytes(), [](char byte) { return byte == 0; }) ? 0 : 1;
  }
  std::printf("%d wrong\n", wrong);
  return wrong == 0 ? 0 : 1;
}
