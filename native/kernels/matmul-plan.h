// What is chosen for a product before any work: tiles or dot products, c or cᵀ, which factors to pack.
#pragma once

#include "matmul-dot.h"
#include "matmul.h"

namespace thalweg::THALWEG_ISA {
namespace {

// From this many rows on that share their place in the cache, a copy pays. A part of the rows, whose tiles
// may be higher than those of the whole, must not be the first to ask for a copy: there would be no memory
// for it.
constexpr int64_t kUncopiedRows = Tuning::same_set_rows - 1;
static_assert(kTileRows <= kUncopiedRows || kTileRows >= 2 * kUncopiedRows);
static_assert(kTileRows >= 2 && Tuning::dot_rows <= kTileRows);

// Terms of a block of K, which are added up at once.
template <typename T>
constexpr int64_t kDepth = Tuning::depth_bytes / static_cast<int64_t>(sizeof(T));

int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
int64_t greatest(int64_t a, int64_t b) { return a > b ? a : b; }
int64_t blocks(int64_t n, int64_t size) { return (n + size - 1) / size; }

// K is cut into equal blocks, by its size alone: every element is the sum of the same parts. A sink is given
// whole sums.
template <typename T>
int64_t depth_of_block(int64_t K) {
  const int64_t count = blocks(K, kDepth<T>);
  return count == 0 ? 0 : blocks(blocks(K, count), kDepthGrain) * kDepthGrain;
}

// Rows of a packed at a time, so that they stay in the cache that is furthest from the core while the panels
// of b come. Each block packs b anew, which costs more than that they come from there: a tile does many
// multiply-adds with each number of a, and reads them in the order of memory.
template <typename T>
int64_t rows_of_block(const Caches& caches, int64_t depth) {
  const int64_t row = (depth == 0 ? 1 : depth) * static_cast<int64_t>(sizeof(T));
  const int64_t far = caches.third > caches.second ? caches.third : caches.second;
  const int64_t rows = far / Tuning::block_share / row;
  return rows < Tuning::least_block_rows ? Tuning::least_block_rows : least(rows, Tuning::most_block_rows);
}

// How a product is computed, left [M, K] · right [K, N]. All of it follows from the call alone: the size of
// the team changes neither the tiles nor what they do.
template <typename T>
struct Plan {
  int64_t M, N, K;
  Factor<T> a;
  Factor<T> b;
  bool swapped;           // as cᵀ = bᵀ·aᵀ: M and N are those of cᵀ
  int64_t height, width;  // of a tile; the last ones are smaller
  bool dots;              // as dot products, of few rows
  bool dot_tiles;         // as dot products, several rows and lines at a time
  bool pack_a, pack_b;
  int64_t depth;       // of a panel
  int64_t block_rows;  // of a, packed at a time
};

// M is cut into tiles of nearly equal height: in a last one of few rows the multipliers would wait.
int64_t height_of_tile(int64_t M, int64_t most = kTileRows) {
  return M == 0 ? 1 : blocks(M, blocks(M, most));
}

// Chooses which factors to pack and the height of tiles for this many rows and columns of c. Fewer rows and
// columns ask for fewer copies. The sums are the same either way.
template <typename T>
void choose_copies(Plan<T>& p, int64_t rows, int64_t columns) {
  p.height = height_of_tile(rows);
  const auto crowded = [](int64_t stride) {
    return stride * static_cast<int64_t>(sizeof(T)) % Tuning::same_set_bytes == 0;
  };
  const int64_t read_tiles = crowded(p.b.depth) ? Tuning::read_crowded_tiles : Tuning::read_right_tiles;
  // A tile of one vector takes nothing scattered.
  const bool narrow = p.N < (p.b.depths == nullptr ? kLanes<T> : kTileColumns<T>);
  const bool reads_lines = p.a.lines != nullptr && p.N > kLanes<T>;
  p.pack_b = !p.b.has_whole_depths() || narrow || reads_lines || rows > read_tiles * kTileRows;
  // Rows that are side by side are as good in place, unless their depths share a place in the cache.
  const bool adjacent = p.a.has_whole_depths() && p.a.depths == nullptr &&
                        p.K <= Tuning::read_adjacent_terms && !crowded(p.a.depth);
  p.pack_a = (columns > Tuning::read_left_tiles * kTileColumns<T> && !adjacent) ||
             (p.a.is_scattered() && !reads_lines) ||
             (crowded(p.a.along) && p.height > kUncopiedRows && columns > kLanes<T>);
  if (!p.pack_a && crowded(p.a.along))
    p.height = height_of_tile(rows, least(Tuning::same_set_rows, kTileRows));
}

template <typename T>
bool has_few_lines(const Plan<T>& p) {
  return p.N * p.K <= kFewElements;
}

// The cost of rows times lines, in multiply-adds of a vector: as dot products, each with the sum of its
// lanes, and as tiles, with their copies and what it takes to begin.
template <typename T>
int64_t cost_of_dot_tiles(int64_t M, int64_t N, int64_t K) {
  return M * N * (blocks(K, kLanes<T>) + Tuning::dot_tile_sum_cost);
}
template <typename T>
int64_t cost_of_tiles(int64_t M, int64_t N, int64_t K) {
  return M * blocks(N, kLanes<T>) * K + (M + N) * K / Tuning::few_elements_copied + Tuning::tiles_start_cost;
}

template <typename T>
Plan<T> plan_of(const MatmulCallOf<T>& m, int64_t M, int64_t N, int64_t K, Factor<T> a, Factor<T> b,
                bool swapped) {
  const int64_t depth = m.sink == nullptr ? depth_of_block<T>(K) : K;
  Plan<T> p = {.M = M,
               .N = N,
               .K = K,
               .a = a,
               .b = b,
               .swapped = swapped,
               .height = 0,
               .width = kTileColumns<T>,
               .dots = false,
               .dot_tiles = false,
               .pack_a = false,
               .pack_b = false,
               .depth = depth,
               .block_rows = rows_of_block<T>(m.caches, depth)};
  const bool whole = a.has_whole_lines() && b.has_whole_lines() && b.along != 1;
  p.dots = M <= Tuning::dot_rows && whole && K > 1;
  if (p.dots) {
    p.height = M;
    return p;
  }
  const int64_t rows = has_few_lines(p) ? Tuning::few_rows : M;
  p.dot_tiles = whole && !swapped && K >= (has_few_lines(p) ? kLanes<T> : Tuning::dot_tile_terms) &&
                K * static_cast<int64_t>(sizeof(T)) < Tuning::dot_line_bytes &&
                cost_of_dot_tiles<T>(rows, N, K) < cost_of_tiles<T>(rows, N, K);
  if (p.dot_tiles) {
    p.height = kDotTileRows;
    p.width = 1;
    return p;
  }
  choose_copies(p, M, N);
  if (!p.pack_b && p.b.depths == nullptr && !swapped && M <= kWideRows) p.width = kWideVectors * kLanes<T>;
  return p;
}

// A matrix as a factor whose lines are its stored rows, or its columns.
template <typename T>
Factor<T> factor(const T* data, int64_t row, const int32_t* rows, bool by_rows) {
  return by_rows ? Factor<T>{data, row, 1, rows, nullptr} : Factor<T>{data, 1, row, nullptr, rows};
}

// Whether a tile can bring in alpha and beta while it is in registers.
template <typename T>
bool ends_in_registers(const MatmulCallOf<T>& call, T beta) {
  return call.sink == nullptr && (beta == 1 || (beta == 0 && call.alpha == 1));
}

template <typename T>
Plan<T> straight(const MatmulCallOf<T>& m) {
  Plan<T> p = plan_of<T>(m, m.M, m.N, m.K, factor(m.a, m.lda, m.a_rows, !m.transpose_a),
                         factor(m.b, m.ldb, m.b_rows, m.transpose_b), false);
  // Other tiles go through a buffer that has no room for wide ones.
  if (!ends_in_registers(m, m.beta)) p.width = least(p.width, kTileColumns<T>);
  return p;
}

template <typename T>
Plan<T> swapped(const MatmulCallOf<T>& m) {
  return plan_of<T>(m, m.N, m.M, m.K, factor(m.b, m.ldb, m.b_rows, m.transpose_b),
                    factor(m.a, m.lda, m.a_rows, !m.transpose_a), true);
}

// The cost of a product, in multiply-adds of a vector: its tiles, the copy of b and the transposing of cᵀ.
template <typename T>
int64_t cost(const Plan<T>& p) {
  constexpr int64_t L = kLanes<T>;
  const int64_t columns = blocks(p.N, L);
  if (p.dots) return p.M * p.N * (blocks(p.K, L) + Tuning::dot_sum_cost);
  if (p.dot_tiles) return cost_of_dot_tiles<T>(p.M, p.N, p.K);
  const int64_t tiles = p.M * columns * p.K;
  const int64_t transpose = p.b.along == 1 ? 0 : p.N * p.K / Tuning::elements_copied;
  const int64_t turns = p.swapped ? blocks(p.K, kDepth<T>) : 0;  // each block of K adds to c
  return tiles + transpose + turns * p.M * p.N * Tuning::transpose_cost;
}

template <typename T>
Plan<T> arrange(const MatmulCallOf<T>& m) {
  const Plan<T> as_is = straight(m);
  const bool few = has_few_lines(as_is);
  if (as_is.dot_tiles && few) return as_is;
  // As in plan_of: the sums must not depend on the number of rows.
  const auto cost_of = [&](Plan<T> p) {
    if (few && !as_is.dots) (p.swapped ? p.N : p.M) = Tuning::few_rows;
    return cost(p);
  };
  const Plan<T> turned = swapped(m);
  return cost_of(turned) < cost_of(as_is) ? turned : as_is;
}

}  // namespace
}  // namespace thalweg::THALWEG_ISA
