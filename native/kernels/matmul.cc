// The loops around the tiles: blocks of K, blocks of a's rows and panels of b, as in BLIS.
//
// matmul-plan.h chooses, matmul-threads.h divides, matmul-pack.h copies, matmul-sweep.h runs tiles down a
// panel, matmul-tile.h is the innermost product, matmul-epilogue.h what follows it, matmul-dot.h the products
// of few rows.
#include "matmul.h"

#include "matmul-sweep.h"

namespace thalweg::THALWEG_ISA {
namespace {

// The panels of b, some packed at a time; the next ones are packed while these are swept.
template <typename T>
void sweep_packed(const Sweep<T>& s, Part rows, Part columns, T* memory) {
  constexpr int64_t C = kTileColumns<T>;
  const int64_t most = panels_packed(s.p) * C;
  const int64_t tiles = blocks(rows.end - rows.begin, s.p.height);
  const auto following = [&](int64_t j) { return Part{j, least(j + most, columns.end)}; };
  T* now = memory;
  T* other = memory + most * s.depth;
  Part group = following(columns.begin);
  NextPanels<T>(s, group, 0, now).finish();
  while (group.begin < group.end) {
    const int64_t panels = blocks(group.end - group.begin, C);
    NextPanels<T> next(s, following(group.end), tiles * panels, other);
    for (int64_t j = group.begin; j < group.end; j += C) {
      const int64_t width = least(C, group.end - j);
      const bool is_wide = width > kLanes<T> || (s.left == nullptr && s.p.a.lines != nullptr);
      const T* const panel = now + (j - group.begin) * s.depth;
      sweep_rows<T>(s, rows, {panel, C, nullptr, j, width, is_wide ? kTileVectors : 1, 0}, &next);
    }
    next.finish();
    group = following(group.end);
    T* const done = now;
    now = other;
    other = done;
  }
}

// A block of rows of a, packed whole if that pays, times the panels of b.
template <typename T>
void block_of_rows(Sweep<T> s, Part rows, Part columns, Scratch<T> scratch) {
  const Plan<T>& p = s.p;
  if (p.pack_a && !scratch.holds_all) {
    pack_left(s.depth, p.height, rows.end - rows.begin, p.a.from(rows.begin, s.k0), scratch.left,
              left_panel<T>(p.height, s.depth));
    s.left = scratch.left;
  }
  if (!p.pack_b) return sweep_columns_in_place(s, rows, columns);
  sweep_packed(s, rows, columns, scratch.right);
}

// A rectangle of c, by tiles.
template <typename T>
void rectangle(const MatmulCallOf<T>& call, const Plan<T>& p, Part rows, Part columns, Scratch<T> scratch) {
  const int64_t count = scratch.holds_all ? 1 : blocks(rows.end - rows.begin, p.block_rows);
  for (int64_t block = 0; block < count; ++block) {
    const Part within = part_of(rows.end - rows.begin, p.height, block, count);
    int64_t k0 = 0;
    do {
      const int64_t depth = least(p.depth, p.K - k0);
      Sweep<T> s = {call, p, {k0 == 0, k0 + depth >= p.K}, k0, depth, nullptr};
      if (scratch.holds_all) {
        s.left = scratch.left + k0 / p.depth * packed_rows<T>(p.M, p.depth) +
                 rows.begin / p.height * left_panel<T>(p.height, depth);
      }
      block_of_rows<T>(s, {rows.begin + within.begin, rows.begin + within.end}, columns, scratch);
      k0 += p.depth;
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
  const int64_t block =
      blocks(call.caches.second / Tuning::dot_tile_share, p.K * static_cast<int64_t>(sizeof(T)));
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

// Whether it is an outer product that rank_one() forms.
template <typename T>
bool is_rank_one(const MatmulCallOf<T>& call, const Plan<T>& p) {
  return p.K == 1 && !p.swapped && p.b.has_whole_depths() && !has_epilogue(call);
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

// All rows of a, packed by the threads together.
template <typename T>
void pack_together(const Plan<T>& p, const Team& team, T* to) {
  for (int64_t k0 = 0; k0 < p.K; k0 += p.depth, to += packed_rows<T>(p.M, p.depth)) {
    const int64_t depth = least(p.depth, p.K - k0);
    const int64_t apart = left_panel<T>(p.height, depth);
    const Part mine = part_of(p.M, p.height, team.rank, team.size);
    pack_left(depth, p.height, mine.end - mine.begin, p.a.from(mine.begin, k0),
              to + mine.begin / p.height * apart, apart);
  }
  team.wait(team.barrier);
}

// A piece of the share of one thread, whoever does it.
template <typename T>
void piece_of_share(const MatmulCallOf<T>& call, const Plan<T>& plan, const Division& d, int64_t rank,
                    Part eighths, Scratch<T> scratch) {
  Piece pieces[3];
  const int64_t count = pieces_of(plan, d, rank, eighths, pieces);
  for (int64_t x = 0; x < count; ++x) {
    const auto [rows, columns] = pieces[x];
    if (plan.dots) {
      rectangle_by_dots(call, plan, columns);
    } else if (plan.dot_tiles) {
      rectangle_by_dot_tiles(call, plan, rows, columns);
    } else {
      rectangle(call, plan, rows, columns, scratch);
    }
  }
}

template <typename T>
void matmul(const MatmulCallOf<T>& call, const Team& team) {
  if (call.M == 0 || call.N == 0) return;
  Plan<T> p = arrange(call);
  if (is_rank_one(call, p)) return rank_one(call, p, part_of(p.M, 1, team.rank, team.size));
  const Division d = division_of(call, p, team.size);
  const bool shares = may_share(p, team, d);
  const Scratch<T> scratch = scratch_of(p, static_cast<T*>(call.scratch), team.rank, shares);
  if (shares) {
    pack_together(p, team, scratch.left);
  } else if (!d.is_uneven && !p.dots && !p.dot_tiles) {
    // A part needs no more copies than the whole.
    choose_copies(p, blocks(p.M, d.high), least(blocks(blocks(p.N, p.width), d.wide) * p.width, p.N));
  }
  if (call.taken == nullptr || team.size == 1 || team.size > call.takers)
    return piece_of_share(call, p, d, team.rank, kWhole, scratch);
  const int64_t least_cut = shares ? Tuning::least_share : Tuning::least_packed_share;
  const bool is_cut = cost_of_part(p, p.M, p.N) / team.size >= least_cut;
  const Part* const cuts = !is_cut ? &kWhole : shares ? kCuts : kPackedCuts;
  const int64_t count = !is_cut ? 1 : shares ? kPieces : kPackedPieces;
  for (int64_t other = 0; other < team.size; ++other) {
    const int64_t rank = (team.rank + other) % team.size;
    for (int64_t x; (x = take_piece(call.taken[rank], team.turn, count)) >= 0;) {
      piece_of_share(call, p, d, rank, cuts[x], scratch);
    }
  }
}

// What is chosen for the first product is right for all: it follows from their shape.
template <typename T>
void matmul_stack(const MatmulCallOf<T>& first, const MatmulStack& stack) {
  if (first.M == 0 || first.N == 0) return;
  MatmulCallOf<T> call = first;
  Plan<T> p = arrange(call);
  const Division whole = division_of(call, p, 1);
  const Scratch<T> scratch = scratch_of(p, static_cast<T*>(call.scratch), 0, false);
  const bool by_rank_one = is_rank_one(call, p);
  for (int64_t s = 0; s < stack.count; ++s, advance(call, stack)) {
    (p.swapped ? p.b : p.a).data = call.a;
    (p.swapped ? p.a : p.b).data = call.b;
    if (by_rank_one) {
      rank_one(call, p, {0, p.M});
    } else {
      piece_of_share(call, p, whole, 0, kWhole, scratch);
    }
  }
}

template <typename T>
int64_t matmul_scratch(const MatmulCallOf<T>& call, int32_t threads) {
  if (call.M == 0 || call.N == 0) return 0;
  const Plan<T> p = arrange(call);
  const int64_t alone = scratch_elements(p, threads, false);
  const int64_t shared = threads > 1 && is_shareable(p) ? scratch_elements(p, threads, true) : 0;
  return (alone > shared ? alone : shared) * static_cast<int64_t>(sizeof(T));
}

}  // namespace

void add_matmul(Table& table) {
  table.matmul = {matmul<float>, matmul<double>};
  table.matmul_stack = {matmul_stack<float>, matmul_stack<double>};
  table.matmul_scratch = {matmul_scratch<float>, matmul_scratch<double>};
}

}  // namespace thalweg::THALWEG_ISA
