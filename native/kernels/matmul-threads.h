// How threads divide a product, and the memory in which they pack its factors.
#pragma once

#include "matmul-plan.h"

namespace thalweg::THALWEG_ISA {
namespace {

struct Part {
  int64_t begin, end;
};

Part part_of(int64_t n, int64_t grain, int64_t index, int64_t count) {
  const int64_t grains = blocks(n, grain);
  return {least(grains * index / count * grain, n), least(grains * (index + 1) / count * grain, n)};
}

// The cost of this many rows and columns on one thread, in multiply-adds of a vector: the tiles, and copies
// of what they read.
template <typename T>
int64_t cost_of_part(const Plan<T>& p, int64_t rows, int64_t columns) {
  constexpr int64_t L = kLanes<T>;
  const int64_t copies =
      (p.pack_a ? rows : 0) + (p.pack_b ? least(blocks(columns, p.width) * p.width, p.N) : 0);
  return rows * blocks(columns, L) * p.K + copies * p.K / Tuning::elements_copied;
}

// Whether the rows of the left factor are, or become, rows of weights [out, in]. In y = x·wᵀ the weights are
// the right factor, in dw = dyᵀ·x they are c. The threads divide them along `out` in both: a thread reads in
// the next step what it wrote in this one, from its own cache.
template <typename T>
bool weights_along_rows(const MatmulCallOf<T>& call, bool swapped) {
  return (call.transpose_a && !call.transpose_b) != swapped;
}

// The number of threads along M, of the team's; the others divide N. The largest part is as small as it can
// be.
template <typename T>
int64_t threads_along_rows(const MatmulCallOf<T>& call, const Plan<T>& p, int64_t threads) {
  const bool prefers_rows = weights_along_rows(call, p.swapped);
  int64_t best = 1;
  int64_t least_cost = INT64_MAX;
  for (int64_t rows = threads; rows >= 1; --rows) {
    if (threads % rows != 0) continue;
    const int64_t columns = threads / rows;
    const int64_t width = blocks(blocks(p.N, p.width), columns) * p.width;
    int64_t cost = cost_of_part(p, blocks(p.M, rows), least(width, p.N));
    if (threads > 1 && rows != (prefers_rows ? threads : 1)) cost += cost / Tuning::other_side_cost;
    if (cost < least_cost) {
      least_cost = cost;
      best = rows;
    }
  }
  return best;
}

template <typename T>
struct Scratch {
  T* left;   // [rows of a block, depth], packed
  T* right;  // [2, depth, kTileColumns], packed: this panel and the next
  // The threads that pack `left` together, since all of them read it. A thread that reads rows of its own is
  // alone, and there is no barrier.
  Team packers;
};

// Whether the threads pack a together: each has columns of its own and all read all rows. All of them come to
// the same answer. Threads of a team without a barrier may run one after the other.
template <typename T>
bool may_share(const Plan<T>& p, const Team& team, int64_t threads_along_rows) {
  return team.size > 1 && team.wait != nullptr && threads_along_rows == 1 && p.pack_a &&
         p.M * p.K >= Tuning::shared_elements && p.N >= Tuning::shared_columns * team.size &&
         blocks(p.N, p.width) >= team.size;
}

// Elements from one packed panel of a to the next. pack_left writes up to a vector past each, where no other
// thread may be writing.
template <typename T>
int64_t left_panel(int64_t height, int64_t depth) {
  return (blocks(height * depth, kLanes<T>) + 1) * kLanes<T>;
}

template <typename T>
int64_t left_elements(const Plan<T>& p) {
  if (!p.pack_a) return 0;
  const int64_t rows = least(p.M, Tuning::block_rows + kTileRows);
  const int64_t panels = rows / (kTileRows / 2) + 1;  // tiles are at least half as high as they can be
  return blocks(rows * depth_of_block<T>(p.K) + panels * 2 * kLanes<T>, 64) * 64;
}
template <typename T>
int64_t right_elements(const Plan<T>& p) {
  if (!p.pack_b) return 0;
  return 2 * kTileColumns<T> * depth_of_block<T>(p.K);
}
template <typename T>
int64_t elements_a_thread(const Plan<T>& p) {
  return blocks(left_elements(p) + right_elements(p), 64) * 64;
}

}  // namespace
}  // namespace thalweg::THALWEG_ISA
