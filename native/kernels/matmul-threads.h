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

// c, divided among the threads: `high` of them along its rows, `wide` along its columns.
struct Division {
  int64_t high, wide;
  bool by_rows;    // what is smaller than a part is cut along the rows
  bool is_uneven;  // equal numbers of tiles, in the order of panels of columns, or of rows
};

// The largest part is as small as it can be.
template <typename T>
Division division_of(const MatmulCallOf<T>& call, const Plan<T>& p, int64_t threads) {
  const bool prefers_rows = weights_along_rows(call, p.swapped);
  int64_t best = 1;
  int64_t least_cost = INT64_MAX;
  for (int64_t rows = p.dots ? 1 : threads; rows >= 1; --rows) {
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
  const int64_t wide = threads / best;
  const int64_t most = blocks(p.M, best) * least(blocks(blocks(p.N, p.width), wide) * p.width, p.N);
  const int64_t tiles = blocks(p.M, p.height) * blocks(p.N, p.width);
  const bool is_idle = tiles >= threads && (wide > blocks(p.N, p.width) || best > p.M);  // some thread
  const bool is_uneven = is_idle || (most * threads > p.M * p.N + p.M * p.N / Tuning::uneven_part &&
                                     blocks(tiles, threads) * p.height * p.width < most);
  return {best, wide, is_uneven ? prefers_rows : best > 1, is_uneven};
}

struct Piece {
  Part rows, columns;
};

// A thread's share is cut into pieces that others may take: a large one at first, and ever smaller ones, so
// that all end at about the same time. In eighths of a share:
constexpr Part kWhole = {0, 8};
constexpr Part kCuts[] = {{0, 4}, {4, 6}, {6, 7}, {7, 8}};
constexpr int64_t kPieces = 4;
// Where whoever does a piece packs what it reads, which is less of a larger piece:
constexpr Part kPackedCuts[] = {{0, 7}, {7, 8}};
constexpr int64_t kPackedPieces = 2;

Part part_in_eighths(Part all, int64_t grain, Part eighths) {
  const int64_t n = all.end - all.begin;
  const int64_t grains = blocks(n, grain);
  return {all.begin + least(grains * eighths.begin / 8 * grain, n),
          all.begin + least(grains * eighths.end / 8 * grain, n)};
}

// Tiles [begin, end) of an uneven division, which are counted line by line of `across` tiles: the rest of a
// line, whole lines, the beginning of a line.
template <typename T>
int64_t pieces_of_tiles(const Plan<T>& p, bool by_rows, Part tiles, Piece* to) {
  const int64_t across = by_rows ? blocks(p.N, p.width) : blocks(p.M, p.height);
  int64_t count = 0;
  for (int64_t at = tiles.begin; at < tiles.end;) {
    const int64_t first = at % across;
    const int64_t left = tiles.end - at;
    const int64_t lines = first == 0 && left >= across ? left / across : 1;
    const int64_t length = least(across - first, left);
    const Part line = {at / across, at / across + lines};
    const Part cross = {first, first + length};
    const Part rows = by_rows ? line : cross;
    const Part columns = by_rows ? cross : line;
    to[count++] = {{least(rows.begin * p.height, p.M), least(rows.end * p.height, p.M)},
                   {least(columns.begin * p.width, p.N), least(columns.end * p.width, p.N)}};
    at += lines * length;
  }
  return count;
}

// The rectangles of some eighths of a thread's share: at most three.
template <typename T>
int64_t pieces_of(const Plan<T>& p, const Division& d, int64_t rank, Part eighths, Piece* pieces) {
  if (d.is_uneven) {
    const int64_t tiles = blocks(p.M, p.height) * blocks(p.N, p.width);
    const Part share = part_of(tiles, 1, rank, d.high * d.wide);
    return pieces_of_tiles(p, d.by_rows, part_in_eighths(share, 1, eighths), pieces);
  }
  Part rows = part_of(p.M, p.dots ? p.M : 1, rank / d.wide, d.high);
  Part columns = part_of(p.N, p.width, rank % d.wide, d.wide);
  if (d.by_rows) {
    rows = part_in_eighths(rows, p.height, eighths);
  } else {
    columns = part_in_eighths(columns, p.width, eighths);
  }
  pieces[0] = {rows, columns};
  return rows.begin == rows.end || columns.begin == columns.end ? 0 : 1;
}

// Takes the next piece of a share of `count`; −1: there is none left. What an earlier turn has left does not
// count.
int64_t take_piece(PiecesTaken& share, int64_t turn, int64_t count) {
  constexpr int kCountBits = 4;
  constexpr int64_t most = (int64_t{1} << kCountBits) - 1;
  static_assert(kPieces <= most);
  int64_t seen = __atomic_load_n(&share.turn_and_count, __ATOMIC_RELAXED);
  for (;;) {
    const int64_t taken = seen >> kCountBits == turn ? seen & most : 0;
    if (taken == count) return -1;
    const int64_t now = (turn << kCountBits) + taken + 1;
    if (__atomic_compare_exchange_n(&share.turn_and_count, &seen, now, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED)) {
      return taken;
    }
  }
}

template <typename T>
struct Scratch {
  T* left;         // packed rows of a: of a block and a pass, or all of them
  T* right;        // packed panels of b: these and the next ones
  bool holds_all;  // the rows of a are packed
};

// Whether a is of a size that threads pack together.
template <typename T>
bool is_shareable(const Plan<T>& p) {
  const int64_t elements = p.M * p.K;
  return p.pack_a && elements >= Tuning::shared_elements && elements <= Tuning::most_shared_elements;
}

// Whether the threads pack a together: each has columns of its own and all read all rows. All of them come to
// the same answer. Threads of a team without a barrier may run one after the other.
template <typename T>
bool may_share(const Plan<T>& p, const Team& team, const Division& d) {
  return team.size > 1 && team.wait != nullptr && (d.is_uneven ? !d.by_rows : d.high == 1) &&
         is_shareable(p) && p.N >= Tuning::shared_columns * team.size && blocks(p.N, p.width) >= team.size;
}

// Elements from one packed panel of a to the next. pack_left writes up to a vector past each, where no other
// thread may be writing.
template <typename T>
int64_t left_panel(int64_t height, int64_t depth) {
  return (blocks(height * depth, kLanes<T>) + 1) * kLanes<T>;
}

// Elements of the packed rows of a, of one pass. Tiles are at least half as high as they can be.
template <typename T>
int64_t packed_rows(int64_t rows, int64_t depth) {
  const int64_t panels = rows / (kTileRows / 2) + 1;
  return blocks(rows * depth + panels * 2 * kLanes<T>, 64) * 64;
}
template <typename T>
int64_t left_elements(const Plan<T>& p) {
  return p.pack_a ? packed_rows<T>(least(p.M, p.block_rows + kTileRows), p.depth) : 0;
}
// Of all rows and all passes.
template <typename T>
int64_t shared_elements(const Plan<T>& p) {
  return p.depth == 0 ? 0 : blocks(p.K, p.depth) * packed_rows<T>(p.M, p.depth);
}

// Panels of b packed at a time.
template <typename T>
int64_t panels_packed(const Plan<T>& p) {
  return least(p.b.has_whole_depths() ? Tuning::right_panels : 1, blocks(p.N, kTileColumns<T>));
}
template <typename T>
int64_t right_elements(const Plan<T>& p) {
  if (!p.pack_b) return 0;
  return blocks(2 * panels_packed(p) * kTileColumns<T> * p.depth, 64) * 64;
}
template <typename T>
int64_t elements_a_thread(const Plan<T>& p) {
  return blocks(left_elements(p) + right_elements(p), 64) * 64;
}

// Where a thread packs. What all share comes first.
template <typename T>
Scratch<T> scratch_of(const Plan<T>& p, T* all, int32_t rank, bool shares) {
  if (!shares) {
    T* const own = all + rank * elements_a_thread(p);
    return {own, own + left_elements(p), false};
  }
  return {all, all + shared_elements(p) + rank * right_elements(p), true};
}
template <typename T>
int64_t scratch_elements(const Plan<T>& p, int32_t threads, bool shares) {
  return shares ? shared_elements(p) + threads * right_elements(p) : threads * elements_a_thread(p);
}

}  // namespace
}  // namespace thalweg::THALWEG_ISA
