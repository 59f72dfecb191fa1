// Tiles in a row: a panel of b times the rows of a, on one thread.
#pragma once

#include "matmul-epilogue.h"
#include "matmul-threads.h"

namespace thalweg::THALWEG_ISA {
namespace {

// One block of K for one panel of b: the columns [j, j + width) of c by tiles, down the rows.
template <typename T>
struct Sweep {
  const MatmulCallOf<T>& call;
  const Plan<T>& p;
  Stage stage;
  int64_t k0, depth;
  const T* left;  // packed panels of rows, or null
};

// A panel of b, for the columns [j, j + width) of c. Whole vectors are computed; the columns before `skip`
// are already there.
template <typename T>
struct Panel {
  const T* data;
  int64_t depth;
  const int32_t* depths;
  int64_t j, width;
  int vectors;
  int64_t skip;
};

// tile [rows, columns] ← alpha · tile
template <typename T>
void scale_tile(T alpha, int64_t rows, int64_t columns, T* tile) {
  for (int64_t i = 0; i < rows; ++i, tile += kTileColumns<T>) {
    for (int64_t j = 0; j < columns; ++j) tile[j] *= alpha;
  }
}

// The epilogue, in registers, of tiles that are whole in c. What it leaves out is done in place afterwards.
template <typename T>
Epilogue epilogue_of(const MatmulCallOf<T>& call, T beta, bool last) {
  if (beta == 1) return Epilogue::accumulate;
  if (!last) return Epilogue::store;
  const bool has_bias = call.bias != nullptr;
  if (call.state == nullptr) {
    return has_bias && call.activation == Activation::relu ? Epilogue::relu : Epilogue::store;
  }
  const bool by_relu = call.state_activation == Activation::relu && call.lds == call.ldc;
  return by_relu && !has_bias && call.activation == Activation::none ? Epilogue::relu_derivative
                                                                     : Epilogue::store;
}

// Tells the sink which tile comes next; it is a tile of cᵀ where the product is swapped.
template <typename T>
void announce(const MatmulCallOf<T>& call, bool swapped, int64_t i, int64_t j, int64_t rows,
              int64_t columns) {
  const TileSink<T>& sink = *call.sink;
  if (swapped) return sink.expect(sink.self, j, i, columns, rows);
  sink.expect(sink.self, i, j, rows, columns);
}

// The panels of b after these ones. What their copies will read is prefetched while tiles are computed, and
// copied right before the next tile. Lines, which are transposed, are copied a panel at a time. Rows may
// share few places in the caches, since they are far apart: of them it is what one tile has time for, or a
// few rows, but of all panels, since each row lies on another page.
template <typename T>
class NextPanels {
 public:
  // `tiles` are computed meanwhile. The panels are copied to `to`, one after the other.
  NextPanels(const Sweep<T>& s, Part columns, int64_t tiles, T* to)
      : b_(s.p.b.from(0, s.k0)), columns_(columns), depth_(s.depth), to_(to) {
    if (columns_.begin == columns_.end || depth_ == 0) return;
    by_lines_ = !b_.has_whole_depths();
    const int64_t rows = blocks(depth_, tiles > 0 ? tiles : 1);
    part_ = by_lines_ ? depth_ : least(depth_, greatest(rows, Tuning::rows_copied));
    const int64_t parts =
        by_lines_ ? blocks(columns.end - columns.begin, kTileColumns<T>) : blocks(depth_, part_);
    tiles_a_part_ = greatest(1, tiles / parts);
    steps_ = tiles_a_part_ * blocks(depth_, Tuning::terms_a_step);
  }

  // What is prefetched during a tile.
  Prefetch* prefetched() { return &prefetch_; }

  // Called before each tile: copies what has been prefetched, and prefetches the next part.
  void advance() {
    if (part_ == 0 || --tiles_left_ > 0) return;
    tiles_left_ = tiles_a_part_;
    copy();
    if (columns_.begin == columns_.end) return;
    ready_ = least(copied_ + part_, depth_);
    prefetch_ = lines();
  }

  // Copies what is left.
  void finish() {
    while (part_ != 0 && columns_.begin < columns_.end) {
      copy();
      ready_ = depth_;
    }
  }

 private:
  // Columns copied at a time.
  int64_t width() const {
    const int64_t left = columns_.end - columns_.begin;
    return by_lines_ ? least(kTileColumns<T>, left) : left;
  }

  void copy() {
    constexpr int64_t C = kTileColumns<T>;
    if (ready_ == copied_) return;
    const Factor<T> from = b_.from(columns_.begin, copied_);
    if (by_lines_) {
      pack_columns(ready_ - copied_, width(), from, to_ + copied_ * C);
    } else {
      pack_rows(ready_ - copied_, width(), from, to_ + copied_ * C, depth_ * C);
    }
    copied_ = ready_;
    if (copied_ < depth_) return;
    columns_.begin += width();
    to_ += depth_ * C;
    copied_ = ready_ = 0;
  }

  Prefetch lines() const {
    constexpr auto size = static_cast<int64_t>(sizeof(T));
    const Factor<T> from = b_.from(columns_.begin, copied_);
    const int64_t depth = ready_ - copied_;
    const int64_t rows = by_lines_ ? width() : depth;
    const int64_t bytes = (by_lines_ ? depth : width()) * size;
    return {.first = reinterpret_cast<const char*>(from.data),
            .stride = (by_lines_ ? from.along : from.depth) * size,
            .rows = rows,
            .bytes = bytes,
            .list = by_lines_ ? from.lines : from.depths,
            .lines = blocks(rows * blocks(bytes, Tuning::cache_line_bytes), steps_)};
  }

  Factor<T> b_;
  Part columns_;  // that are not copied whole
  int64_t depth_;
  T* to_;
  bool by_lines_ = false;
  int64_t tiles_a_part_ = 1, part_ = 0, steps_ = 1;
  int64_t tiles_left_ = 1, copied_ = 0, ready_ = 0;
  Prefetch prefetch_{};
};

// The tiles of some rows and a panel.
template <typename T>
void sweep_rows(const Sweep<T>& s, Part rows, const Panel<T>& panel, NextPanels<T>* next = nullptr) {
  constexpr int64_t C = kTileColumns<T>;
  const Plan<T>& p = s.p;
  const MatmulCallOf<T>& call = s.call;
  const auto [b, b_depth, b_depths, j, width, vectors, skip] = panel;
  const bool packed = s.left != nullptr;
  const T beta = s.stage.first ? call.beta : T{1};
  const bool in_place = !p.swapped && width == vectors * kLanes<T> && ends_in_registers(call, beta);
  const Epilogue epilogue = in_place ? epilogue_of(call, beta, s.stage.last) : Epilogue::store;
  const bool is_left = in_place && s.stage.last && has_epilogue(call) &&
                       (epilogue == Epilogue::store || epilogue == Epilogue::accumulate);
  const bool adjacent = packed || p.a.along == 1;
  const Layout layout = !packed && p.a.lines != nullptr ? Layout::scattered_rows
                        : b_depths != nullptr
                            ? (adjacent ? Layout::adjacent_scattered_depths : Layout::scattered_depths)
                        : !adjacent          ? Layout::apart
                        : packed && p.pack_b ? Layout::packed
                                             : Layout::adjacent;
  alignas(64) T tile[kTileRows * C + kLanes<T>];  // whole vectors are read from `skip` on
  Common<T> common = {p.a.along,
                      p.a.depth,
                      b_depth,
                      b_depths,
                      in_place ? call.ldc : C,
                      epilogue,
                      call.alpha,
                      call.bias == nullptr ? nullptr : call.bias + j,
                      call.c,
                      call.state,
                      next == nullptr ? nullptr : next->prefetched()};
  const T* left = s.left;
  const int64_t apart = packed ? left_panel<T>(p.height, s.depth) : 0;
  int64_t known = 0;
  TileFn<T> multiply = nullptr;
  for (int64_t i = rows.begin; i < rows.end; i += p.height) {
    const int64_t height = least(p.height, rows.end - i);
    if (height != known) {
      multiply = tile_of<T>(known = height, vectors, layout);
      if (packed) common.a_depth = height;
    }
    if (next != nullptr) next->advance();
    const Factor<T> from = p.a.from(i, s.k0);
    const T* a = packed ? left : from.data;
    left += apart;
    if (in_place) {
      multiply(s.depth, a, from.lines, b, call.c + i * call.ldc + j, common);
      if (is_left) apply_in_place(call, i, j, height, width);
      continue;
    }
    if (call.sink != nullptr) announce(call, p.swapped, i, j, height, width);
    const int64_t block = call.sink == nullptr ? s.depth : depth_of_block<T>(s.depth);
    multiply(least(block, s.depth), a, from.lines, b, tile, common);
    if (call.alpha != 1) scale_tile(call.alpha, height, vectors * kLanes<T>, tile);
    for (int64_t k = block; k < s.depth; k += block) {
      Common<T> more = common;
      more.epilogue = Epilogue::accumulate;
      if (b_depths != nullptr) more.b_depths += k;
      multiply(least(block, s.depth - k), a + k * (from.lines == nullptr || packed ? common.a_depth : 1),
               from.lines, b_depths == nullptr ? b + k * b_depth : b, tile, more);
    }
    if (p.swapped) {
      deliver_transposed(call, s.stage, static_cast<const T*>(tile) + skip, i, j, height, width);
    } else {
      deliver(call, s.stage, tile + skip, C, i, j, height, width);
    }
  }
}

// The panels of b that are read in place. A last one that is too narrow starts further left, since nothing
// may be read past the row's end; what it computes again is not stored.
template <typename T>
void sweep_columns_in_place(const Sweep<T>& s, Part rows, Part columns) {
  constexpr int64_t L = kLanes<T>;
  const Plan<T>& p = s.p;
  int64_t width = 0;
  for (int64_t j = columns.begin; j < columns.end; j += width) {
    const int64_t rest = columns.end - j;
    int vectors = 1;
    if (p.width > kTileVectors * L && rest >= kWideVectors * L) {
      vectors = kWideVectors;
    } else if (rest >= kTileVectors * L || (rest > L && p.N >= kTileVectors * L) || p.b.depths != nullptr) {
      vectors = kTileVectors;
    }
    width = least(vectors * L, rest);
    const int64_t skip = vectors * L - width;
    const Factor<T> from = p.b.from(j - skip, s.k0);
    sweep_rows<T>(s, rows, {from.data, from.depth, from.depths, j, width, vectors, skip});
  }
}

}  // namespace
}  // namespace thalweg::THALWEG_ISA
