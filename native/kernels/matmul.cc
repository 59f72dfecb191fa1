// The loops around the tiles: blocks of K, blocks of a's rows and panels of b, as in BLIS.
//
// matmul-plan.h chooses, matmul-threads.h divides, matmul-pack.h copies, matmul-sweep.h runs tiles down a
// panel, matmul-tile.h is the innermost product, matmul-epilogue.h what follows it, matmul-dot.h the products
// of few rows.
#include "matmul.h"

#include "matmul-sweep.h"

namespace thalweg::THALWEG_ISA {
namespace {

void barrier(const Team& team) {
  if (team.size > 1) team.wait(team.barrier);
}

// A block of rows of a, packed whole if that pays, times the panels of b. Each panel is packed right before
// it is used, so that it is in the cache.
template <typename T>
void block_of_rows(Sweep<T> s, Part rows, Part columns, Scratch<T> scratch) {
  constexpr int64_t C = kTileColumns<T>;
  const Plan<T>& p = s.p;
  if (p.pack_a) {
    const Team& team = scratch.packers;
    const Part mine = part_of(rows.end - rows.begin, p.height, team.rank, team.size);
    const int64_t apart = left_panel<T>(p.height, s.depth);
    pack_left(s.depth, p.height, mine.end - mine.begin, p.a.from(rows.begin + mine.begin, s.k0),
              scratch.left + mine.begin / p.height * apart, apart);
    barrier(team);
    s.left = scratch.left;
  }
  if (!p.pack_b) return sweep_columns_in_place(s, rows, columns);
  T* panel = scratch.right;
  // Lines are copied after all tiles of this panel, into its place.
  T* other = p.b.has_whole_depths() ? panel + C * s.depth : panel;
  pack_right(s.depth, least(C, columns.end - columns.begin), p.b.from(columns.begin, s.k0), panel);
  for (int64_t j = columns.begin; j < columns.end; j += C) {
    const int64_t width = least(C, columns.end - j);
    NextPanel<T> next(s, rows, {j + width, least(j + width + C, columns.end)}, other);
    const bool is_wide = width > kLanes<T> || (s.left == nullptr && p.a.lines != nullptr);
    sweep_rows<T>(s, rows, {panel, C, nullptr, j, width, is_wide ? kTileVectors : 1, 0}, &next);
    T* const done = panel;
    panel = other;
    other = done;
  }
}

// One thread's rectangle of c, by tiles.
template <typename T>
void rectangle(const MatmulCallOf<T>& call, const Plan<T>& p, Part rows, Part columns, Scratch<T> scratch) {
  const int64_t step = depth_of_block<T>(p.K);
  const int64_t count = blocks(rows.end - rows.begin, Tuning::block_rows);
  for (int64_t block = 0; block < count; ++block) {
    const Part within = part_of(rows.end - rows.begin, p.height, block, count);
    int64_t k0 = 0;
    do {
      if (block > 0 || k0 > 0) barrier(scratch.packers);  // another thread may still read the last copies
      const int64_t depth = least(step, p.K - k0);
      block_of_rows<T>({call, p, {k0 == 0, k0 + depth >= p.K}, k0, depth, nullptr},
                       {rows.begin + within.begin, rows.begin + within.end}, columns, scratch);
      k0 += step;
    } while (k0 < p.K);
  }
}

template <typename T>
void rectangle_by_dots(const MatmulCallOf<T>& call, const Plan<T>& p, Part columns) {
  constexpr int64_t C = kTileColumns<T>;
  alignas(64) T tile[kTileRows * C];
  for (int64_t j = columns.begin; j < columns.end; j += C) {
    const int64_t width = least(C, columns.end - j);
    multiply_by_dots(p.K, p.M, width, p.a, p.b.from(j, 0), call.alpha, tile);
    if (p.swapped) {
      deliver_transposed(call, {true, true}, static_cast<const T*>(tile), 0, j, p.M, width);
    } else {
      deliver(call, {true, true}, tile, C, 0, j, p.M, width);
    }
  }
}

// Rows of a come from memory once for each block of b's lines, which stay in the cache.
template <typename T>
void rectangle_by_dot_tiles(const MatmulCallOf<T>& call, const Plan<T>& p, Part rows, Part columns) {
  constexpr int64_t C = kTileColumns<T>;
  constexpr int64_t step = C / kDotTileLines * kDotTileLines;
  alignas(64) T tile[kDotTileRows * C];
  const int64_t block = blocks(Tuning::dot_tile_bytes, p.K * static_cast<int64_t>(sizeof(T)));
  const int64_t count = blocks(columns.end - columns.begin, block);
  for (int64_t b = 0; b < count; ++b) {
    const Part near = part_of(columns.end - columns.begin, kDotTileLines, b, count);
    for (int64_t i = rows.begin; i < rows.end; i += kDotTileRows) {
      const int64_t height = least(kDotTileRows, rows.end - i);
      for (int64_t j = columns.begin + near.begin; j < columns.begin + near.end; j += step) {
        const int64_t width = least(step, columns.begin + near.end - j);
        multiply_by_dot_tiles(p.K, height, width, p.a.from(i, 0), p.b.from(j, 0), call.alpha, tile);
        deliver(call, {true, true}, tile, C, i, j, height, width);
      }
    }
  }
}

// c [M, N] ← alpha · a [M] · b [N] + beta · c, row by row.
template <typename T>
void rank_one(const MatmulCallOf<T>& call, const Plan<T>& p, Part rows) {
  for (int64_t i = rows.begin; i < rows.end; ++i) {
    const T factor = call.alpha * *p.a.at(i, 0);
    const T* b = p.b.at(0, 0);
    T* c = call.c + i * call.ldc;
    if (call.beta == 0) {
#pragma omp simd
      for (int64_t j = 0; j < p.N; ++j) c[j] = factor * b[j];
    } else if (call.beta == 1) {
#pragma omp simd
      for (int64_t j = 0; j < p.N; ++j) c[j] += factor * b[j];
    } else {
#pragma omp simd
      for (int64_t j = 0; j < p.N; ++j) c[j] = call.beta * c[j] + factor * b[j];
    }
  }
}

template <typename T>
void matmul(const MatmulCallOf<T>& call, const Team& team) {
  if (call.M == 0 || call.N == 0) return;
  Plan<T> p = arrange(call);
  if (p.K == 1 && !p.swapped && p.b.has_whole_depths() && !has_epilogue(call)) {
    return rank_one(call, p, part_of(p.M, 1, team.rank, team.size));
  }
  const int64_t high = threads_along_rows(call, p, team.size);
  const int64_t wide = team.size / high;
  const Part rows = part_of(p.M, p.dots ? p.M : 1, team.rank / wide, high);
  const Part columns = part_of(p.N, p.width, team.rank % wide, wide);
  if (rows.begin == rows.end || columns.begin == columns.end) return;
  if (p.dots) return rectangle_by_dots(call, p, columns);
  if (p.dot_tiles) return rectangle_by_dot_tiles(call, p, rows, columns);
  T* const all = static_cast<T*>(call.scratch);
  T* const own = all + team.rank * elements_a_thread(p);
  Scratch<T> scratch = {own, own + left_elements(p), Team()};
  const bool shares = may_share(p, team, high);
  if (shares) {
    scratch.left = all;
    scratch.packers = team;
  }
  // A part needs no more copies than the whole.
  choose_copies(p, rows.end - rows.begin, columns.end - columns.begin);
  if (shares) {
    p.pack_a = true;
    p.height = height_of_tile(p.M);
  }
  rectangle(call, p, rows, columns, scratch);
}

template <typename T>
int64_t matmul_scratch(const MatmulCallOf<T>& call, int32_t threads) {
  if (call.M == 0 || call.N == 0) return 0;
  return threads * elements_a_thread(arrange(call)) * static_cast<int64_t>(sizeof(T));
}

}  // namespace

void add_matmul(Table& table) {
  table.matmul = {matmul<float>, matmul<double>};
  table.matmul_scratch = {matmul_scratch<float>, matmul_scratch<double>};
}

}  // namespace thalweg::THALWEG_ISA
