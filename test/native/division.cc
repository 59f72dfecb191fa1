// How evenly the threads of a team divide each kind of task: for teams of 1 to 64 ranks, which run one after
// the other on this thread, counts the elements that each rank writes. Writes a line for each team whose work
// could be more even. Compiled and run by division.test.ts, linked with the engine.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "../../native/engine/cpu.h"
#include "../../native/engine/make-task.h"
#include "../../native/engine/registry.h"
#include "../../native/engine/schedule.h"
#include "../../native/engine/thread-count.h"

namespace {

using namespace thalweg;

constexpr int32_t kTeams[] = {1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 16, 17, 24, 31, 32, 48, 61, 64};
// From this many pieces a thread on, the busiest has at most this part of the mean.
constexpr double kEnough = 20;
constexpr double kMost = 1.05;
constexpr double kMostOfTiles = 1.07;  // of a product: its last tiles are smaller
constexpr uint32_t kUnwritten = 0xFFFF'FFFF;

// A task: the instruction's parameters, and the number of elements of each operand. `piece` elements of what
// it writes are done by one thread at least, and there are `pieces`.
struct Case {
  std::string name;
  std::string instruction;
  std::vector<double> params;
  std::vector<int64_t> sizes;
  double pieces;
  double most = kMost;
};

Case product(int64_t M, int64_t N, int64_t K, bool transpose_a, bool transpose_b) {
  char name[80];
  std::snprintf(name, sizeof(name), "%s%s %lldx%lldx%lld", transpose_a ? "T" : "N", transpose_b ? "T" : "N",
                static_cast<long long>(M), static_cast<long long>(N), static_cast<long long>(K));
  const auto d = [](auto x) { return static_cast<double>(x); };
  // Tiles of at most 14 rows, and of 32 columns, of c or of cᵀ: those of the largest vectors.
  const double tiles =
      std::min(std::ceil(d(M) / 14) * std::ceil(d(N) / 32), std::ceil(d(N) / 14) * std::ceil(d(M) / 32));
  return {name,
          "matmul",
          {d(M), d(N), d(K), d(transpose_a), d(transpose_b), 1, 0, 0, 0},
          {M * K, K * N, 0, 0, M * N, 0, 0},
          tiles,
          kMostOfTiles};
}

void add_products(std::vector<Case>& all) {
  constexpr int64_t kSizes[][3] = {{512, 512, 64}, {256, 512, 784},  {128, 128, 784}, {256, 10, 512},
                                   {64, 64, 64},   {100, 1000, 300}, {4096, 64, 64},  {64, 4096, 64},
                                   {32, 600, 60},  {784, 512, 256},  {1000, 37, 100},
                                   {1000, 4, 4096}};
  for (const auto& [M, N, K] : kSizes) {
    all.push_back(product(M, N, K, false, false));
    all.push_back(product(M, N, K, false, true));
    all.push_back(product(M, N, K, true, false));
  }
  for (const int64_t count : {2, 5, 7, 30, 100})
    all.push_back({"matmul_batch of " + std::to_string(count) + " x 128 x 96 x 64",
                   "matmul_batch",
                   {static_cast<double>(count), 128, 96, 64, 0, 0, 1, 1, 0, 0},
                   {count * 128 * 64, count * 64 * 96, 0, count * 128 * 96},
                   static_cast<double>(count)});
}

// Of matrices [rows, columns]. A piece is what no thread may cut: a row where its elements are added up, else
// a cache line or more of it.
void add_planes(std::vector<Case>& all) {
  constexpr int64_t kSizes[][2] = {{1, 300'000}, {3, 100'000}, {13, 20'000}, {65, 5'000},
                                   {100, 3'000}, {600, 600},   {9'000, 64}};
  for (const auto& [rows, columns] : kSizes) {
    const auto r = static_cast<double>(rows);
    const auto c = static_cast<double>(columns);
    const int64_t n = rows * columns;
    const double lines = r * std::ceil(c / 64);
    const auto add = [&](const char* instruction, std::vector<double> params, std::vector<int64_t> sizes,
                         double pieces) {
      const std::string name =
          std::string(instruction) + " of " + std::to_string(rows) + " x " + std::to_string(columns);
      all.push_back({name, instruction, std::move(params), std::move(sizes), pieces});
    };
    add("exp", {1, r * c, 1}, {n, n}, r * c / 64);
    add("add", {2, r, c, c, 1, 0, 1}, {n, columns, n}, lines);
    add("softmax", {r, c}, {n, n}, r);
    add("sum", {r, c, 1}, {n, rows}, r);
    add("amax", {r, 4, c}, {4 * n, n}, lines);
    add("strided", {2, r, c, 1, r, 0}, {n, n}, r * c);
    add("strided", {3, 3, r, c, 0, 1, r, 0}, {n, 3 * n}, 3 * r * c);
    add("index_select", {r, 8, c, 4}, {8 * n, 4, 4 * n}, lines);
    add("index_add", {r, 4, c, 2}, {2 * n, 2, 4 * n}, lines);
    add("scatter", {r, 2, c, 1}, {2 * n, n, n, 2 * n}, lines);
    add("concat", {2, r, c, 3 * c}, {n, 3 * n, 4 * n}, 4 * lines);
    add("uniform", {r * c, 0, 1, 0}, {4, n}, r * c / 64);
    // Small products, one for each row.
    if (rows > 1 && columns <= 5'000)
      add("matmul_batch", {r, 50, 30, 8, 0, 0, 1, 1, 0, 0}, {400 * rows, 240 * rows, 0, 1500 * rows}, r);
  }
}

// The elements that each of `threads` ranks writes, counted as those that no rank before it has written.
std::vector<double> work_of(const Task& task, const View& written, int32_t threads) {
  const auto bytes = static_cast<size_t>((task.scratch_bytes(threads) + 127) / 64 * 64);
  std::vector<std::byte> memory(bytes + 64);
  auto* const scratch = memory.data() + (64 - reinterpret_cast<uintptr_t>(memory.data()) % 64) % 64;
  auto* const words = static_cast<uint32_t*>(written.data);
  std::fill(words, words + written.count, kUnwritten);
  std::vector<double> work;
  int64_t left = written.count;
  for (int32_t rank = 0; rank < threads; ++rank) {
    Failure::Shared failure;
    task.run({rank, threads, [](void*) {}, nullptr}, scratch, Failure(failure));
    const int64_t now = std::count(words, words + written.count, kUnwritten);
    work.push_back(static_cast<double>(left - now));
    left = now;
  }
  if (left != 0) work.clear();
  return work;
}

// A case's operands, all 0.
struct Memory {
  std::vector<std::vector<double>> blocks;
  std::vector<View> views;
  View written;

  Memory(const Case& each, const Layout& layout) {
    for (size_t i = 0; i < each.sizes.size(); ++i) {
      const int64_t count = each.sizes[i];
      const bool is_last = i + 1 == each.sizes.size();
      // A list of what is read is followed by one that is written.
      const OperandSpec& spec = layout.operands[layout.lists_operands ? (is_last ? 1 : 0) : i];
      const DType dtype = spec.elements == Elements::float64 ? DType::float64
                          : spec.elements == Elements::int32 ? DType::int32
                                                             : DType::float32;
      blocks.emplace_back(static_cast<size_t>(count));
      views.push_back({count == 0 ? nullptr : blocks.back().data(), count, dtype});
      if (spec.access != Access::read) written = views.back();
    }
  }
};

// Writes a line for each team whose threads have less even work than they could. @returns how many there are.
int64_t judge(const Case& each) {
  const auto all = instructions();
  const auto self = std::find_if(all.begin(), all.end(),
                                 [&](const Instruction& one) { return each.instruction == one.name; });
  const Memory memory(each, *self->layout);
  TaskStore store;
  const Table& table = kernel_table();
  const Task* const task = make_task(Operands(*self, memory.views, each.params, table), table, store);
  int64_t uneven = 0;
  for (const int32_t threads : kTeams) {
    const std::vector<double> work = work_of(*task, memory.written, threads);
    if (work.empty()) {
      std::printf("%s by %d threads: not all is written\n", each.name.c_str(), threads);
      ++uneven;
      continue;
    }
    const double mean = static_cast<double>(memory.written.count) / threads;
    const double most = *std::max_element(work.begin(), work.end()) / mean;
    const auto idle = std::count(work.begin(), work.end(), 0.0);
    const bool is_enough = each.pieces >= kEnough * threads;
    const double best = std::ceil(each.pieces / threads) * threads / each.pieces;
    if ((!is_enough || most <= each.most) && (each.pieces < 2 * threads || idle == 0 || most <= best)) continue;
    ++uneven;
    std::printf("%s by %d threads: %.0f pieces, the busiest has %.2f of the mean, %d have none\n",
                each.name.c_str(), threads, each.pieces, most, static_cast<int>(idle));
  }
  return uneven;
}

// A task that is only scheduled.
class Planned final : public Task {
 public:
  Planned(double time, int64_t its_rows) {
    nanoseconds = time;
    rows = its_rows;
    takes_any_rows = true;
  }
  void run(const Team&, void*, Failure) const override {}
};

// A step of two phases: a task, and then, of its results, one that is divided by rows beside small ones that
// one thread does alone. The threads' times in the second phase, in which small ones are a part of all work.
int64_t judge_schedule(double small, int64_t count) {
  constexpr int64_t kRows = 20'000;
  constexpr double kTime = 1e8;
  static std::byte memory[4096];
  int64_t uneven = 0;
  for (const int32_t threads : kTeams) {
    std::vector<Planned> tasks(1, Planned(kTime, 0));  // all threads do it
    tasks.emplace_back(kTime * (1 - small), kRows);
    for (int64_t i = 0; i < count; ++i) tasks.emplace_back(kTime * small / static_cast<double>(count), 0);
    std::vector<Item> items;
    for (size_t i = 0; i < tasks.size(); ++i) {
      if (i > 1) tasks[i].is_for_one = true;
      std::vector<MemoryUse> uses = {{memory, memory + 1, i == 0, false}};
      if (i > 0) uses.push_back({memory + 2 * i, memory + 2 * i + 1, true, i == 1});
      items.push_back({&tasks[i], uses, false});
    }
    std::vector<double> load(static_cast<size_t>(threads));
    for (const Scheduled& one : schedule(items, threads)) {
      if (one.task == &tasks[0]) continue;
      for (int32_t rank = 0; rank < threads; ++rank) {
        double& mine = load[static_cast<size_t>(rank)];
        if (one.work == Work::alone) {
          mine += one.rank == rank ? one.task->nanoseconds : 0;
        } else {
          const Range range = one.rows({rank, threads});
          mine += one.task->nanoseconds * static_cast<double>(range.end - range.begin) / kRows;
        }
      }
    }
    const double most = *std::max_element(load.begin(), load.end()) / (kTime / threads);
    if (most <= kMost) continue;
    ++uneven;
    std::printf("a step with %.0f %% in %d small tasks by %d threads: the busiest has %.2f of the mean\n",
                100 * small, static_cast<int>(count), threads, most);
  }
  return uneven;
}

}  // namespace

// Of "planes", "products" or "steps".
int main(int, char** argv) {
  const std::string wanted = argv[1];
  // Its ranks come one after the other here: the first would take the others' shares.
  set_thread_count(1);
  std::vector<Case> all;
  if (wanted == "planes") add_planes(all);
  if (wanted == "products") add_products(all);
  int64_t uneven = 0;
  for (const Case& each : all) uneven += judge(each);
  if (wanted == "steps") {
    uneven += judge_schedule(0, 0) + judge_schedule(0.2, 640) + judge_schedule(0.01, 3);
  }
  std::printf("%d uneven\n", static_cast<int>(uneven));
  return uneven == 0 ? 0 : 1;
}
