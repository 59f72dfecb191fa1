#include "matmul.h"

#include "matmul-dot.h"
#include "matmul-finish.h"

namespace thalweg::THALWEG_ISA {
namespace {

// So many rows of a that their copies stay in the third-level cache from panel to panel of b.
constexpr int64_t kBlockRows = 1024;

// Few tiles along the other side do not pay for a packed copy.
constexpr int64_t kReadRightTiles = 5;
constexpr int64_t kReadCrowdedTiles = 2;
constexpr int64_t kReadLeftTiles = 3;
// So many elements of a are worth to be copied by all threads together, which then have to wait for each
// other.
constexpr int64_t kSharedElements = 65'536;
// And that for so many columns a thread: what another one copied comes from that one's cache.
constexpr int64_t kSharedColumns = 128;
// Rows of a that lie side by side are read where they are for so many terms.
constexpr int64_t kReadAdjacentDepth = 64;
// At most so many rows or columns are computed as dot products.
constexpr int64_t kDotRows = 4;
// More rows may be too where they have so many terms, and no more than eight lines at a time find room for in
// the first-level cache.
constexpr int64_t kDotTileDepth = 256;
constexpr int64_t kDotLineBytes = 4096;
// What is chosen for few elements of b is what is best for so many rows, whatever their number.
constexpr int64_t kFewRows = 16;
// Of b's lines so many bytes stay in the second-level cache while a's rows come.
constexpr int64_t kDotTileBytes = 524'288;
// Rows this far apart share their place in the first-level cache, where more of them push each other out.
constexpr int64_t kSameSetBytes = 4096;
constexpr int64_t kSameSetRows = 7;
// So many are worth a copy. A part of the rows, whose tiles may be higher than those of the whole, must not
// be the first to ask for one: there would be no memory for it.
constexpr int64_t kUncopiedRows = kSameSetRows - 1;
static_assert(kTileRows <= kUncopiedRows || kTileRows >= 2 * kUncopiedRows);
static_assert(kTileRows >= 2 && kDotRows <= kTileRows);

int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
int64_t blocks(int64_t n, int64_t size) { return (n + size - 1) / size; }

// K is cut into equal blocks, by its size alone: every element is the sum of the same parts.
template <typename T>
int64_t depth_of_block(int64_t K) {
  const int64_t count = blocks(K, kDepth<T>);
  return count == 0 ? 0 : blocks(blocks(K, count), 8) * 8;
}

// The product as the tiles see it: left [M, K] · right [K, N]. All here follows from the call alone, so
// that the team's size changes neither the tiles nor what they do.
template <typename T>
struct Product {
  int64_t M, N, K;
  Factor<T> a;
  Factor<T> b;
  bool swapped;           // cᵀ = bᵀ·aᵀ: M and N are those of cᵀ
  int64_t height, width;  // of a tile; the last ones are smaller
  bool dots;              // of few rows, one by one
  bool dot_tiles;         // of lines that both lie whole, with nothing copied
  bool pack_a, pack_b;
};

// M is cut into tiles of nearly equal height: a last one of few rows would leave the multipliers waiting.
int64_t height_of_tile(int64_t M, int64_t most = kTileRows) {
  return M == 0 ? 1 : blocks(M, blocks(M, most));
}

// Which factors to copy, and how high tiles are, for so many rows and columns of c, fewer for fewer: the sums
// are the same either way.
template <typename T>
void choose_copies(Product<T>& p, int64_t rows, int64_t columns) {
  p.height = height_of_tile(rows);
  const auto crowded = [](int64_t stride) {
    return stride * static_cast<int64_t>(sizeof(T)) % kSameSetBytes == 0;
  };
  const int64_t read_tiles = crowded(p.b.depth) ? kReadCrowdedTiles : kReadRightTiles;
  // Tiles of one vector know nothing scattered, nor those of two of a packed panel and one in place.
  const bool narrow = p.N < (p.b.depths == nullptr ? kLanes<T> : kTileColumns<T>);
  const bool reads_lines = p.a.lines != nullptr && p.N > kLanes<T>;
  p.pack_b = !p.b.has_whole_depths() || narrow || reads_lines || rows > read_tiles * kTileRows;
  // A tile's rows side by side are as good where they lie, if each depth finds room beside the others.
  const bool adjacent =
      p.a.has_whole_depths() && p.a.depths == nullptr && p.K <= kReadAdjacentDepth && !crowded(p.a.depth);
  p.pack_a = (columns > kReadLeftTiles * kTileColumns<T> && !adjacent) ||
             (p.a.is_scattered() && !reads_lines) ||
             (crowded(p.a.along) && p.height > kUncopiedRows && columns > kLanes<T>);
  if (!p.pack_a && crowded(p.a.along)) p.height = height_of_tile(rows, least(kSameSetRows, kTileRows));
}

template <typename T>
bool has_few_lines(const Product<T>& p) {
  return p.N * p.K <= kFewElements;
}

// What products of rows with lines cost, in multiply-adds of a vector: as dot products, each with the sum of
// its lanes, and as tiles, with the copies that those need and what it takes to begin.
template <typename T>
int64_t cost_of_dot_tiles(int64_t M, int64_t N, int64_t K) {
  return M * N * (blocks(K, kLanes<T>) + 3);
}
template <typename T>
int64_t cost_of_tiles(int64_t M, int64_t N, int64_t K) {
  return M * blocks(N, kLanes<T>) * K + (M + N) * K / 5 + 200;
}

template <typename T>
Product<T> plan(int64_t M, int64_t N, int64_t K, Factor<T> a, Factor<T> b, bool swapped) {
  Product<T> p = {M, N, K, a, b, swapped, 0, kTileColumns<T>, false, false, false, false};
  const bool whole = a.has_whole_lines() && b.has_whole_lines() && b.along != 1;
  p.dots = M <= kDotRows && whole && K > 1;
  if (p.dots) {
    p.height = M;
    return p;
  }
  const int64_t rows = has_few_lines(p) ? kFewRows : M;
  p.dot_tiles = whole && !swapped && K >= (has_few_lines(p) ? kLanes<T> : kDotTileDepth) &&
                K * static_cast<int64_t>(sizeof(T)) < kDotLineBytes &&
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

// Whether tiles need no more than their own registers to bring in alpha and beta.
template <typename T>
bool ends_in_registers(const MatmulCallOf<T>& call, T beta) {
  return call.sink == nullptr && (beta == 1 || (beta == 0 && call.alpha == 1));
}

template <typename T>
Product<T> straight(const MatmulCallOf<T>& m) {
  Product<T> p = plan<T>(m.M, m.N, m.K, factor(m.a, m.lda, m.a_rows, !m.transpose_a),
                         factor(m.b, m.ldb, m.b_rows, m.transpose_b), false);
  // Other tiles go through memory, where there is no room for wide ones.
  if (!ends_in_registers(m, m.beta)) p.width = least(p.width, kTileColumns<T>);
  return p;
}

template <typename T>
Product<T> swapped(const MatmulCallOf<T>& m) {
  return plan<T>(m.N, m.M, m.K, factor(m.b, m.ldb, m.b_rows, m.transpose_b),
                 factor(m.a, m.lda, m.a_rows, !m.transpose_a), true);
}

// What a product costs, in multiply-adds of a vector: its tiles, the copy of b and the way of cᵀ to c.
template <typename T>
int64_t cost(const Product<T>& p) {
  constexpr int64_t L = kLanes<T>;
  const int64_t columns = blocks(p.N, L);
  if (p.dots) return p.M * p.N * (blocks(p.K, L) + 8);
  if (p.dot_tiles) return cost_of_dot_tiles<T>(p.M, p.N, p.K);
  const int64_t tiles = p.M * columns * p.K;
  const int64_t transpose = p.b.along == 1 ? 0 : p.N * p.K / 4;
  const int64_t turns = p.swapped ? blocks(p.K, kDepth<T>) : 0;  // each block of K adds to c
  return tiles + transpose + turns * p.M * p.N * 2;
}

template <typename T>
Product<T> arrange(const MatmulCallOf<T>& m) {
  const Product<T> as_is = straight(m);
  if (as_is.dot_tiles && has_few_lines(as_is)) return as_is;
  const Product<T> turned = swapped(m);
  return cost(turned) < cost(as_is) ? turned : as_is;
}

template <typename T>
bool wants_finish(const MatmulCallOf<T>& call) {
  return call.bias != nullptr || call.activation != Activation::none || call.state != nullptr ||
         call.sink != nullptr;
}

struct Part {
  int64_t begin, end;
};

Part part_of(int64_t n, int64_t grain, int64_t index, int64_t count) {
  const int64_t grains = blocks(n, grain);
  return {least(grains * index / count * grain, n), least(grains * (index + 1) / count * grain, n)};
}

// What a thread has to do for so many rows and columns, in multiply-adds of a vector: the tiles, and
// copies of what it reads.
template <typename T>
int64_t share_cost(const Product<T>& p, int64_t rows, int64_t columns) {
  constexpr int64_t L = kLanes<T>;
  const int64_t copies =
      (p.pack_a ? rows : 0) + (p.pack_b ? least(blocks(columns, p.width) * p.width, p.N) : 0);
  return rows * blocks(columns, L) * p.K + copies * p.K / 4;
}

// Whether the rows of the left factor are, or become, rows of weights [out, in]: in y = x·wᵀ those of the
// right factor are, in dw = dyᵀ·x those of c. The threads divide the weights along `out` in both, so that
// what one of them wrote in a step it reads in the next, from its own cache.
template <typename T>
bool weights_along_rows(const MatmulCallOf<T>& call, bool swapped) {
  return (call.transpose_a && !call.transpose_b) != swapped;
}

// Threads along M and along N, so that the largest share is least work.
template <typename T>
int64_t threads_along_rows(const MatmulCallOf<T>& call, const Product<T>& p, int64_t threads) {
  const bool prefers_rows = weights_along_rows(call, p.swapped);
  int64_t best = 1;
  int64_t least_cost = INT64_MAX;
  for (int64_t rows = threads; rows >= 1; --rows) {
    if (threads % rows != 0) continue;
    const int64_t columns = threads / rows;
    const int64_t width = blocks(blocks(p.N, p.width), columns) * p.width;
    int64_t cost = share_cost(p, blocks(p.M, rows), least(width, p.N));
    if (threads > 1 && rows != (prefers_rows ? threads : 1)) cost += cost / 4;
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
  T* right;  // [2, depth, kTileColumns], packed: the panel in hand and the one that comes
  // Those who fill `left` together, since they all read it; a thread that reads other rows is alone, and
  // waits for nobody.
  Team sharers;
};

// Whether the threads copy a together: each has columns of its own and all read all rows. All of them come to
// the same answer. A team that cannot wait is one whose threads may come one after the other.
template <typename T>
bool may_share(const Product<T>& p, const Team& team, int64_t threads_along_rows) {
  return team.size > 1 && team.wait != nullptr && threads_along_rows == 1 && p.pack_a &&
         p.M * p.K >= kSharedElements && p.N >= kSharedColumns * team.size &&
         blocks(p.N, p.width) >= team.size;
}

// From one copied panel of a to the next: pack_left writes up to a vector behind each, where no other thread
// may be writing.
template <typename T>
int64_t left_panel(int64_t height, int64_t depth) {
  return (blocks(height * depth, kLanes<T>) + 1) * kLanes<T>;
}

template <typename T>
int64_t left_elements(const Product<T>& p) {
  if (!p.pack_a) return 0;
  const int64_t rows = least(p.M, kBlockRows + kTileRows);
  const int64_t panels = rows / (kTileRows / 2) + 1;  // tiles are at least half as high as they can be
  return blocks(rows * depth_of_block<T>(p.K) + panels * 2 * kLanes<T>, 64) * 64;
}
template <typename T>
int64_t right_elements(const Product<T>& p) {
  if (!p.pack_b) return 0;
  return 2 * kTileColumns<T> * depth_of_block<T>(p.K);
}
template <typename T>
int64_t elements_a_thread(const Product<T>& p) {
  return blocks(left_elements(p) + right_elements(p), 64) * 64;
}

// One block of K for one panel of b: the columns [j, j + width) of c by tiles, down the rows.
template <typename T>
struct Sweep {
  const MatmulCallOf<T>& call;
  const Product<T>& p;
  Stage stage;
  int64_t k0, depth;
  const T* left;  // packed panels of rows, or null
};

// A panel of b: its columns [j, j + width) of c, computed in so many vectors of which those columns from
// `skip` on are new.
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

// How tiles that lie whole in c end. What that leaves undone is done to the tile where it lies.
template <typename T>
Ending ending_of(const MatmulCallOf<T>& call, T beta, bool last) {
  if (beta == 1) return Ending::add;
  if (!last) return Ending::put;
  const bool has_bias = call.bias != nullptr;
  if (call.state == nullptr) {
    return has_bias && call.activation == Activation::relu ? Ending::relu : Ending::put;
  }
  const bool by_relu = call.state_activation == Activation::relu && call.lds == call.ldc;
  return by_relu && !has_bias && call.activation == Activation::none ? Ending::slope : Ending::put;
}

// Tells what takes the products of the tile that comes, which is of cᵀ where they are swapped.
template <typename T>
void announce(const MatmulCallOf<T>& call, bool swapped, int64_t i, int64_t j, int64_t rows,
              int64_t columns) {
  const TileSink<T>& sink = *call.sink;
  if (swapped) return sink.expect(sink.self, j, i, columns, rows);
  sink.expect(sink.self, i, j, rows, columns);
}

// The panel of b behind the one in hand. What its copy will read is fetched while tiles are computed: the
// whole of lines that are transposed. Of rows, which may lie so far apart that they share few places in the
// caches, a part before each tile is copied, and fetched during the tile before.
template <typename T>
class ComingPanel {
 public:
  ComingPanel(const Sweep<T>& s, Part rows, Part columns, T* to)
      : b_(s.p.b.from(columns.begin, s.k0)), columns_(columns.end - columns.begin), depth_(s.depth), to_(to) {
    if (columns_ == 0 || depth_ == 0) return;
    const int64_t tiles = blocks(rows.end - rows.begin, s.p.height);
    tiles_a_part_ = b_.has_whole_depths() ? 1 : tiles;
    part_ = blocks(depth_ * tiles_a_part_, tiles);
    steps_ = tiles_a_part_ * blocks(depth_, kTermsAStep);
  }

  // What is fetched during a tile.
  Fetch* fetch() { return columns_ == 0 ? nullptr : &fetch_; }

  // Comes before each tile: copies what has been fetched, and has the next part fetched.
  void advance() {
    if (tile_++ % tiles_a_part_ != 0) return;
    if (fetched_ > copied_) {
      pack_right(fetched_ - copied_, columns_, b_.from(0, copied_), to_ + copied_ * kTileColumns<T>);
    }
    copied_ = fetched_;
    fetched_ = least(copied_ + part_, depth_);
    fetch_ = lines(b_.from(0, copied_), fetched_ - copied_);
  }

 private:
  Fetch lines(const Factor<T>& from, int64_t depth) const {
    constexpr auto size = static_cast<int64_t>(sizeof(T));
    const bool by_lines = !from.has_whole_depths();
    const int64_t rows = depth == 0 ? 0 : by_lines ? columns_ : depth;
    const int64_t bytes = (by_lines ? depth : columns_) * size;
    return {.first = reinterpret_cast<const char*>(from.data),
            .stride = (by_lines ? from.along : from.depth) * size,
            .rows = rows,
            .bytes = bytes,
            .list = by_lines ? from.lines : from.depths,
            .lines = blocks(rows * blocks(bytes, kLineBytes), steps_)};
  }

  Factor<T> b_;
  int64_t columns_, depth_;
  T* to_;
  int64_t tiles_a_part_ = 1, part_ = 0, steps_ = 1;
  int64_t tile_ = 0, copied_ = 0, fetched_ = 0;
  Fetch fetch_{};
};

// The tiles of some rows and a panel.
template <typename T>
void sweep_rows(const Sweep<T>& s, Part rows, const Panel<T>& panel, ComingPanel<T>* coming = nullptr) {
  constexpr int64_t C = kTileColumns<T>;
  const Product<T>& p = s.p;
  const MatmulCallOf<T>& call = s.call;
  const auto [b, b_depth, b_depths, j, width, vectors, skip] = panel;
  const bool packed = s.left != nullptr;
  const T beta = s.stage.first ? call.beta : T{1};
  const bool in_place = !p.swapped && width == vectors * kLanes<T> && ends_in_registers(call, beta);
  const Ending ending = in_place ? ending_of(call, beta, s.stage.last) : Ending::put;
  const bool finish =
      in_place && s.stage.last && wants_finish(call) && (ending == Ending::put || ending == Ending::add);
  const bool adjacent = packed || p.a.along == 1;
  const Lie lie = !packed && p.a.lines != nullptr ? Lie::scattered_rows
                  : b_depths != nullptr ? (adjacent ? Lie::adjacent_scattered_depths : Lie::scattered_depths)
                  : adjacent            ? Lie::adjacent
                                        : Lie::apart;
  alignas(64) T tile[kTileRows * C + kLanes<T>];  // whole vectors are read from `skip` on
  Common<T> common = {p.a.along,
                      p.a.depth,
                      b_depth,
                      b_depths,
                      in_place ? call.ldc : C,
                      ending,
                      call.alpha,
                      call.bias == nullptr ? nullptr : call.bias + j,
                      call.c,
                      call.state,
                      coming == nullptr ? nullptr : coming->fetch()};
  const T* left = s.left;
  const int64_t apart = packed ? left_panel<T>(p.height, s.depth) : 0;
  int64_t known = 0;
  TileFn<T> multiply = nullptr;
  for (int64_t i = rows.begin; i < rows.end; i += p.height) {
    const int64_t height = least(p.height, rows.end - i);
    if (height != known) {
      multiply = tile_of<T>(known = height, vectors, lie);
      if (packed) common.a_depth = height;
    }
    if (coming != nullptr) coming->advance();
    const Factor<T> from = p.a.from(i, s.k0);
    const T* a = packed ? left : from.data;
    left += apart;
    if (in_place) {
      multiply(s.depth, a, from.lines, b, call.c + i * call.ldc + j, common);
      if (finish) finish_in_place(call, i, j, height, width);
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
  if (coming != nullptr) coming->advance();
}

// The panels of b that are read where they are. A last one that is too narrow starts further left, so
// that nothing is read behind the row's end; what it computes again is not stored.
template <typename T>
void sweep_columns_in_place(const Sweep<T>& s, Part rows, Part columns) {
  constexpr int64_t L = kLanes<T>;
  const Product<T>& p = s.p;
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

void wait_for(const Team& team) {
  if (team.size > 1) team.wait(team.gate);
}

// A block of rows of a, copied whole if that pays, times the panels of b, each copied when its turn comes, so
// that it is in the cache.
template <typename T>
void block_of_rows(Sweep<T> s, Part rows, Part columns, Scratch<T> scratch) {
  constexpr int64_t C = kTileColumns<T>;
  const Product<T>& p = s.p;
  if (p.pack_a) {
    const Team& team = scratch.sharers;
    const Part mine = part_of(rows.end - rows.begin, p.height, team.rank, team.size);
    const int64_t apart = left_panel<T>(p.height, s.depth);
    pack_left(s.depth, p.height, mine.end - mine.begin, p.a.from(rows.begin + mine.begin, s.k0),
              scratch.left + mine.begin / p.height * apart, apart);
    wait_for(team);
    s.left = scratch.left;
  }
  if (!p.pack_b) return sweep_columns_in_place(s, rows, columns);
  T* panel = scratch.right;
  // Lines are copied when all tiles of the panel in hand are done, into its place.
  T* other = p.b.has_whole_depths() ? panel + C * s.depth : panel;
  pack_right(s.depth, least(C, columns.end - columns.begin), p.b.from(columns.begin, s.k0), panel);
  for (int64_t j = columns.begin; j < columns.end; j += C) {
    const int64_t width = least(C, columns.end - j);
    ComingPanel<T> coming(s, rows, {j + width, least(j + width + C, columns.end)}, other);
    const bool is_wide = width > kLanes<T> || (s.left == nullptr && p.a.lines != nullptr);
    sweep_rows<T>(s, rows, {panel, C, nullptr, j, width, is_wide ? kTileVectors : 1, 0}, &coming);
    T* const done = panel;
    panel = other;
    other = done;
  }
}

// One thread's rectangle of c.
template <typename T>
void rectangle(const MatmulCallOf<T>& call, const Product<T>& p, Part rows, Part columns,
               Scratch<T> scratch) {
  const int64_t step = depth_of_block<T>(p.K);
  const int64_t count = blocks(rows.end - rows.begin, kBlockRows);
  for (int64_t block = 0; block < count; ++block) {
    const Part within = part_of(rows.end - rows.begin, p.height, block, count);
    int64_t k0 = 0;
    do {
      if (block > 0 || k0 > 0) wait_for(scratch.sharers);  // who may still read the copies of the last one
      const int64_t depth = least(step, p.K - k0);
      block_of_rows<T>({call, p, {k0 == 0, k0 + depth >= p.K}, k0, depth, nullptr},
                       {rows.begin + within.begin, rows.begin + within.end}, columns, scratch);
      k0 += step;
    } while (k0 < p.K);
  }
}

template <typename T>
void rectangle_by_dots(const MatmulCallOf<T>& call, const Product<T>& p, Part columns) {
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

// Rows of a come from afar once for each block of b's lines, which stay near.
template <typename T>
void rectangle_by_dot_tiles(const MatmulCallOf<T>& call, const Product<T>& p, Part rows, Part columns) {
  constexpr int64_t C = kTileColumns<T>;
  constexpr int64_t step = C / kDotTileLines * kDotTileLines;
  alignas(64) T tile[kDotTileRows * C];
  const int64_t block = blocks(kDotTileBytes, p.K * static_cast<int64_t>(sizeof(T)));
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

// c [M, N] ← alpha · a [M] · b [N] + beta · c, row by row: as little work as there is to c itself.
template <typename T>
void rank_one(const MatmulCallOf<T>& call, const Product<T>& p, Part rows) {
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
  Product<T> p = arrange(call);
  if (p.K == 1 && !p.swapped && p.b.has_whole_depths() && !wants_finish(call)) {
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
    scratch.sharers = team;
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
