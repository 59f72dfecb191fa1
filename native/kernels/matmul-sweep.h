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

// The panel of b after this one. What its copy will read is prefetched while tiles are computed. Lines, which
// are transposed, are prefetched whole. Rows may share few places in the caches, since they are far apart: a
// part of them is prefetched during a tile and copied before the next one.
template <typename T>
class NextPanel {
 public:
  NextPanel(const Sweep<T>& s, Part rows, Part columns, T* to)
      : b_(s.p.b.from(columns.begin, s.k0)), columns_(columns.end - columns.begin), depth_(s.depth), to_(to) {
    if (columns_ == 0 || depth_ == 0) return;
    const int64_t tiles = blocks(rows.end - rows.begin, s.p.height);
    tiles_a_part_ = b_.has_whole_depths() ? 1 : tiles;
    part_ = blocks(depth_ * tiles_a_part_, tiles);
    steps_ = tiles_a_part_ * blocks(depth_, Tuning::terms_a_step);
  }

  // What is prefetched during a tile.
  Prefetch* prefetched() { return columns_ == 0 ? nullptr : &prefetch_; }

  // Called before each tile: copies what has been prefetched, and prefetches the next part.
  void advance() {
    if (tile_++ % tiles_a_part_ != 0) return;
    if (ready_ > copied_) {
      pack_right(ready_ - copied_, columns_, b_.from(0, copied_), to_ + copied_ * kTileColumns<T>);
    }
    copied_ = ready_;
    ready_ = least(copied_ + part_, depth_);
    prefetch_ = lines(b_.from(0, copied_), ready_ - copied_);
  }

 private:
  Prefetch lines(const Factor<T>& from, int64_t depth) const {
    constexpr auto size = static_cast<int64_t>(sizeof(T));
    const bool by_lines = !from.has_whole_depths();
    const int64_t rows = depth == 0 ? 0 : by_lines ? columns_ : depth;
    const int64_t bytes = (by_lines ? depth : columns_) * size;
    return {.first = reinterpret_cast<const char*>(from.data),
            .stride = (by_lines ? from.along : from.depth) * size,
            .rows = rows,
            .bytes = bytes,
            .list = by_lines ? from.lines : from.depths,
            .lines = blocks(rows * blocks(bytes, Tuning::cache_line_bytes), steps_)};
  }

  Factor<T> b_;
  int64_t columns_, depth_;
  T* to_;
  int64_t tiles_a_part_ = 1, part_ = 0, steps_ = 1;
  int64_t tile_ = 0, copied_ = 0, ready_ = 0;
  Prefetch prefetch_{};
};

// The tiles of some rows and a panel.
template <typename T>
void sweep_rows(const Sweep<T>& s, Part rows, const Panel<T>& panel, NextPanel<T>* next = nullptr) {
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
                        : adjacent ? Layout::adjacent
                                   : Layout::apart;
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
    multiply(s.depth, a, from.lines, b, tile, common);
    if (call.alpha != 1) scale_tile(call.alpha, height, vectors * kLanes<T>, tile);
    if (p.swapped) {
      deliver_transposed(call, s.stage, static_cast<const T*>(tile) + skip, i, j, height, width);
    } else {
      deliver(call, s.stage, tile + skip, C, i, j, height, width);
    }
  }
  if (next != nullptr) next->advance();
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
