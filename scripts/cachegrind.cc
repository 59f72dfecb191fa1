// One thread's products under Valgrind, and how many lines of a cache they should miss by the model that cuts
// them into blocks. Compiled and run by cachegrind.mjs, linked with the engine:
//
//   cachegrind run M N K LAYOUT TIMES
//   cachegrind predict M N K LAYOUT BYTES WAYS      of a cache that holds this many bytes
//
// LAYOUT is NN, NT or TN.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "../native/engine/caches.h"
#include "../native/engine/cpu.h"
#include "../native/kernels/matmul-threads.h"

namespace thalweg::THALWEG_ISA {
namespace {

constexpr int64_t kLine = Tuning::cache_line_bytes;

MatmulCallOf<float> product(char** sizes) {
  MatmulCallOf<float> call{};
  call.M = std::atoll(sizes[0]);
  call.N = std::atoll(sizes[1]);
  call.K = std::atoll(sizes[2]);
  call.transpose_a = sizes[3][0] == 'T';
  call.transpose_b = sizes[3][1] == 'T';
  call.lda = call.transpose_a ? call.M : call.K;
  call.ldb = call.transpose_b ? call.K : call.N;
  call.ldc = call.N;
  call.alpha = 1;
  call.caches = caches();
  return call;
}

int64_t bytes_of(int64_t elements) { return elements * static_cast<int64_t>(sizeof(float)); }

// What each line of memory waits for between two of its uses: other bytes that are touched meanwhile. A set
// of the cache that holds more lines than its ways forgets those that were not used for the longest time.
// Where more bytes are touched than it has room for, but less than a way more, these are some of its sets.
struct Traffic {
  int64_t holds, ways;
  double lines = 0;

  // The part of all sets that rows of this many bytes, `stride` apart, fill alone.
  double crowded(int64_t rows, int64_t bytes, int64_t stride) const {
    if (stride < bytes || rows * stride < holds) return 0;
    return static_cast<double>(bytes) / static_cast<double>(stride);
  }

  // `bytes` would stay for `meanwhile` bytes, but for these sets.
  void add_crowded(double part, int64_t times, int64_t bytes, int64_t meanwhile) {
    if (meanwhile <= holds) lines += part * static_cast<double>(times * bytes) / static_cast<double>(kLine);
  }

  // Reads, or writes, of `bytes` that are touched again after `meanwhile` bytes, with themselves.
  void add(int64_t times, int64_t bytes, int64_t meanwhile) {
    const double over = static_cast<double>((meanwhile - holds) * ways) / static_cast<double>(holds);
    const double missed = std::clamp(over, 0.0, 1.0);
    lines += missed * static_cast<double>(times * bytes) / static_cast<double>(kLine);
  }
};

// The lines that a product misses in a cache when it is computed again and again.
double predicted(const MatmulCallOf<float>& call, int64_t holds, int64_t ways) {
  const Plan<float> p = arrange(call);
  if (!p.pack_a || !p.pack_b || p.swapped || p.dots || p.dot_tiles) {
    std::fprintf(stderr, "only products whose factors are both packed are predicted\n");
    std::exit(1);
  }
  const int64_t row_blocks = blocks(p.M, p.block_rows);
  const int64_t depth_blocks = blocks(p.K, p.depth);
  const int64_t panels = blocks(p.N, p.width);
  const int64_t group = panels_packed(p);
  // The sizes of all blocks are nearly equal.
  const int64_t rows = blocks(p.M, row_blocks);
  const int64_t depth = blocks(p.K, depth_blocks);
  const int64_t tiles = blocks(rows, p.height);

  const int64_t left = bytes_of(rows * depth);       // packed rows of a
  const int64_t panel = bytes_of(depth * p.width);   // of b, packed
  const int64_t strip = bytes_of(p.height * depth);  // rows of a tile
  const int64_t all_of_b = bytes_of(depth * p.N);
  const int64_t all_of_c = bytes_of(rows * p.N);
  const int64_t product = bytes_of(p.M * p.K + p.K * p.N + p.M * p.N);

  // Touched from a use of a line to the next one. Rows of b and c under a few panels do not count here: they
  // are far apart and share few sets, which they fill.
  const int64_t by_tile = panel + strip;      // of a panel, by two tiles
  const int64_t by_panel = left + 2 * panel;  // of packed rows, by two panels; one is copied meanwhile
  const int64_t by_group = left + 2 * group * panel;    // of a panel, from its copy to its tiles
  const int64_t by_depth = left + all_of_b + all_of_c;  // of c, by two blocks of K
  const int64_t by_rows = depth_blocks * (left + all_of_b) + all_of_c;  // of b, by two blocks of rows

  Traffic traffic{holds, ways};
  const int64_t cuts = row_blocks * depth_blocks;
  const int64_t sweeps = cuts * panels;
  // The copies of a and b: first the reads, then the writes.
  traffic.add(cuts, left, product);
  traffic.add(cuts, left, by_depth);
  traffic.add(depth_blocks, all_of_b, product);
  traffic.add((row_blocks - 1) * depth_blocks, all_of_b, by_rows);
  traffic.add(sweeps, panel, by_group);
  // Tiles: the packed rows, a panel by the first tile and by the next ones, c.
  traffic.add(sweeps, left, by_panel);
  traffic.add(sweeps, panel, by_group);
  traffic.add(sweeps * (tiles - 1), panel, by_tile);
  traffic.add(row_blocks, all_of_c, product);
  traffic.add(row_blocks * (depth_blocks - 1), all_of_c, by_depth);
  const int64_t groups = cuts * blocks(panels, group);
  const int64_t across = bytes_of(group * p.width);
  const double part = traffic.crowded(rows, across, bytes_of(call.ldc)) +
                      (p.b.has_whole_depths() ? traffic.crowded(depth, across, bytes_of(call.ldb)) : 0);
  traffic.add_crowded(part, groups, left, by_panel);
  traffic.add_crowded(part, groups, group * panel, by_group);
  return traffic.lines;
}

std::unique_ptr<void, decltype(&std::free)> memory(int64_t bytes) {
  const auto size = static_cast<size_t>(blocks(bytes + 1, 4096) * 4096);
  void* const made = std::aligned_alloc(4096, size);
  std::memset(made, 0, size);
  return {made, &std::free};
}

void repeat(MatmulCallOf<float> call, int times) {
  const Table& table = kernel_table();
  const auto a = memory(bytes_of(call.M * call.K));
  const auto b = memory(bytes_of(call.K * call.N));
  const auto c = memory(bytes_of(call.M * call.N));
  const auto scratch = memory(table.matmul_scratch.of<float>()(call, 1));
  call.a = static_cast<const float*>(a.get());
  call.b = static_cast<const float*>(b.get());
  call.c = static_cast<float*>(c.get());
  call.scratch = scratch.get();
  for (int i = 0; i < times; ++i) table.matmul.of<float>()(call, Team{});
}

}  // namespace
}  // namespace thalweg::THALWEG_ISA

int main(int count, char** words) {
  namespace isa = thalweg::THALWEG_ISA;
  const bool runs = count == 7 && std::strcmp(words[1], "run") == 0;
  if (!runs && count != 8) return 1;
  const auto call = isa::product(words + 2);
  if (runs) {
    isa::repeat(call, std::atoi(words[6]));
  } else {
    std::printf("%.0f\n", isa::predicted(call, std::atoll(words[6]), std::atoll(words[7])));
  }
}
