// How evenly the threads of a team divide each kind of task: for teams of 1 to 64 ranks, which run one after the
// other on this thread, counts the elements that each rank writes. Compiled and run by division.test.ts, linked
// with the engine. Writes a line of JSON for each task and team that is less even than its pieces allow.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "../../native/engine/cpu.h"
#include "../../native/engine/make-task.h"
#include "../../native/engine/registry.h"

namespace {

using namespace thalweg;

constexpr int32_t kMostThreads = 64;

// A task: the instruction's parameters, and the number of elements of each operand. `piece` elements of what it
// writes are done by one thread at least, and there are `pieces`.
struct Case {
  std::string name;
  std::string instruction;
  std::vector<double> params;
  std::vector<int64_t> sizes;
  double pieces;
};

Case product(int64_t M, int64_t N, int64_t K, bool transpose_a, bool transpose_b) {
  char name[80];
  std::snprintf(name, sizeof(name), "%s%s %lldx%lldx%lld", transpose_a ? "T" : "N", transpose_b ? "T" : "N",
                static_cast<long long>(M), static_cast<long long>(N), static_cast<long long>(K));
  const auto d = [](auto x) { return static_cast<double>(x); };
  // Tiles of at most 14 rows, and of 32 columns: those of the largest vectors.
  const double tiles = std::ceil(d(M) / 14) * std::ceil(d(N) / 32);
  return {name, "matmul", {d(M), d(N), d(K), d(transpose_a), d(transpose_b), 1, 0, 0, 0},
          {M * K, K * N, 0, 0, M * N, 0, 0}, tiles};
}

std::vector<Case> cases() {
  std::vector<Case> all;
  const std::vector<std::array<int64_t, 3>> products = {
      {512, 512, 512}, {1024, 1024, 64}, {256, 512, 784}, {128, 128, 784}, {256, 10, 512},   {64, 64, 64},
      {100, 1000, 300}, {4096, 64, 64},  {64, 4096, 64},  {2048, 2048, 16}, {1, 4096, 1024}, {32, 600, 60},
      {784, 512, 256}, {1000, 37, 100}};
  for (const auto& [M, N, K] : products) {
    for (const bool ta : {false, true}) {
      for (const bool tb : {false, true}) {
        if (ta && tb) continue;
        all.push_back(product(M, N, K, ta, tb));
      }
    }
  }
  const auto add = [&](const std::string& name, const std::string& instruction, std::vector<double> params,
                       std::vector<int64_t> sizes, double pieces) {
    all.push_back({name + " of " + instruction, instruction, std::move(params), std::move(sizes), pieces});
  };
  for (const int64_t n : {100'000, 1'000'000}) {
    const auto d = static_cast<double>(n);
    add(std::to_string(n), "exp", {1, d, 1}, {n, n}, d / 64);
  }
  const std::vector<std::array<int64_t, 2>> planes = {{100, 10'000}, {65, 5'000}, {13, 100'000},
                                                      {1000, 1000},  {3, 200'000}, {10'000, 64}};
  for (const auto& [rows, columns] : planes) {
    const auto r = static_cast<double>(rows);
    const auto c = static_cast<double>(columns);
    const std::string name = std::to_string(rows) + " x " + std::to_string(columns);
    const int64_t n = rows * columns;
    add(name, "add", {2, r, c, c, 1, 0, 1}, {n, columns, n}, r * std::ceil(c / 64));
    add(name, "softmax", {r, c}, {n, n}, r);
    add(name + " along rows", "sum", {r, c, 1}, {n, rows}, r);
    add(name + " planes", "sum", {r, 4, c}, {4 * n, n}, r * std::ceil(c / 64));
    add(name, "strided", {2, r, c, 1, r, 0}, {n, n}, r * std::ceil(c / 64));
    add(name, "index_select", {r, 8, c, 4}, {8 * n, 4, 4 * n}, r * std::ceil(c / 64));
    add(name, "concat", {2, r, c, c}, {n, n, 2 * n}, 2 * r);
    add(name, "uniform", {static_cast<double>(n), 0, 1}, {4, n}, static_cast<double>(n) / 64);
  }
  return all;
}

}  // namespace

int main(int argc, char**) {
  const Table& table = kernel_table();
  if (argc > 1) {
    for (const Instruction& one : instructions()) std::printf("%s\n", one.name);
    return 0;
  }
  int64_t checked = 0;
  for (const Case& each : cases()) {
    const auto all = instructions();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const Instruction& one) { return each.instruction == one.name; });
    if (found == all.end()) {
      std::printf("no instruction %s\n", each.instruction.c_str());
      return 1;
    }
    std::vector<std::vector<double>> memory;
    std::vector<View> views;
    View written;
    const Instruction& self = *found;
    // What is read is 0, and what is written −1 beforehand.
    for (size_t i = 0; i < each.sizes.size(); ++i) {
      const int64_t count = each.sizes[i];
      const OperandSpec& spec = self.layout->operands[self.layout->lists_operands ? (i + 1 == each.sizes.size()) : i];
      const DType dtype = spec.elements == Elements::float64 ? DType::float64
                          : spec.elements == Elements::int32 ? DType::int32
                                                             : DType::float32;
      memory.emplace_back(static_cast<size_t>(count));
      views.push_back({count == 0 ? nullptr : memory.back().data(), count, dtype});
      if (spec.access != Access::read) written = views.back();
    }
    TaskStore store;
    Task* const task = [&]() -> Task* {
      try {
        return make_task(Operands(self, views, each.params, table), table, store);
      } catch (const Error& error) {
        std::printf("%s: %s\n", each.name.c_str(), error.what());
        return nullptr;
      }
    }();
    if (task == nullptr) return 1;
    for (int32_t threads = 1; threads <= kMostThreads; ++threads) {
      const auto bytes = static_cast<size_t>((task->scratch_bytes(threads) + 127) / 64 * 64);
      void* const scratch = std::aligned_alloc(64, bytes);
      std::memset(scratch, 0, bytes);
      std::vector<double> work(static_cast<size_t>(threads));
      for (int32_t rank = 0; rank < threads; ++rank) {
        auto* const y = static_cast<unsigned char*>(written.data);
        std::memset(y, 0xFF, static_cast<size_t>(written.bytes()));
        Failure::Shared failure;
        task->run({rank, threads, [](void*) {}, nullptr}, scratch, Failure(failure));
        for (int64_t i = 0; i < written.bytes(); i += 4) {
          uint32_t word = 0;
          std::memcpy(&word, y + i, 4);
          work[static_cast<size_t>(rank)] += word != 0xFFFFFFFF;
        }
      }
      std::free(scratch);
      double sum = 0;
      for (const double one : work) sum += one;
      const double most = *std::max_element(work.begin(), work.end());
      const auto idle = std::count(work.begin(), work.end(), 0.0);
      const double uneven = most / (sum / threads);
      ++checked;
      // The best that whole pieces allow.
      const double allowed = std::ceil(each.pieces / threads) / (each.pieces / threads);
      const bool is_enough = each.pieces >= 20.0 * threads;
      if ((is_enough && uneven > 1.05) || (each.pieces >= threads && idle > 0) || uneven > 1.3 * allowed) {
        std::printf("%-32s %2d threads: most %.3f of the mean (whole pieces: %.3f), %lld idle\n", each.name.c_str(),
                    threads, uneven, allowed, static_cast<long long>(idle));
      }
    }
  }
  std::printf("%lld divisions\n", static_cast<long long>(checked));
  return 0;
}
