#include "matmul.h"

#include "matmul-pack.h"

namespace thalweg::THALWEG_ISA {
namespace {

// A block of K that keeps a panel of b in the first-level cache, and so many rows of a that their packed
// block stays in the second-level one.
template <typename T>
constexpr int64_t kDepth = 2048 / static_cast<int64_t>(sizeof(T));
constexpr int64_t kBlockRows = 240;
constexpr int64_t kBlockColumns = 2048;

// Few rows or columns do not pay for a packed copy of the other operand.
constexpr int64_t kPackRightRows = 3 * kTileRows;
template <typename T>
constexpr int64_t kPackLeftColumns = 3 * kTileColumns<T>;

int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
int64_t blocks(int64_t n, int64_t size) { return (n + size - 1) / size; }

// K is cut into equal blocks, by its size alone: every element is the sum of the same parts.
template <typename T>
int64_t depth_of_block(int64_t K) {
  const int64_t count = blocks(K, kDepth<T>);
  return count == 0 ? 0 : blocks(blocks(K, count), 8) * 8;
}

// The product as the tiles see it: left [M, K] · right [K, N].
template <typename T>
struct Product {
  int64_t M, N, K;
  Left<T> a;
  Right<T> b;
  bool swapped;  // cᵀ = bᵀ·aᵀ: M and N are those of cᵀ
};

template <typename T>
Product<T> straight(const MatmulCall<T>& m) {
  return {m.M,
          m.N,
          m.K,
          {m.a, m.transpose_a ? 1 : m.lda, m.transpose_a ? m.lda : 1},
          {m.b, m.transpose_b ? 1 : m.ldb, m.transpose_b ? m.ldb : 1},
          false};
}

template <typename T>
Product<T> swapped(const MatmulCall<T>& m) {
  return {m.N,
          m.M,
          m.K,
          {m.b, m.transpose_b ? m.ldb : 1, m.transpose_b ? 1 : m.ldb},
          {m.a, m.transpose_a ? m.lda : 1, m.transpose_a ? 1 : m.lda},
          true};
}

// x·Wᵀ with few rows of x: W would have to be copied transposed to be the right operand, at a cost that so
// few rows do not repay; as the left operand it is read in place. And a single column becomes a single row.
template <typename T>
Product<T> arrange(const MatmulCall<T>& m) {
  const bool few_rows = m.transpose_b && !m.transpose_a && m.M <= kPackLeftColumns<T> && m.M < m.N;
  return (few_rows && m.M > 1) || (m.N == 1 && m.M > 1) ? swapped(m) : straight(m);
}

struct Part {
  int64_t begin, end;
};

Part part_of(int64_t n, int64_t grain, int64_t index, int64_t count) {
  const int64_t grains = blocks(n, grain);
  return {least(grains * index / count * grain, n), least(grains * (index + 1) / count * grain, n)};
}

// Threads along M and along N, so that the largest share of c is smallest.
template <typename T>
int64_t threads_along_rows(const Product<T>& p, int64_t threads) {
  int64_t best = 1;
  int64_t least_area = INT64_MAX;
  for (int64_t rows = 1; rows <= threads; ++rows) {
    if (threads % rows != 0) continue;
    const int64_t columns = threads / rows;
    const int64_t height = blocks(blocks(p.M, kTileRows), rows) * kTileRows;
    const int64_t width = blocks(blocks(p.N, kTileColumns<T>), columns) * kTileColumns<T>;
    const int64_t area = least(height, p.M) * least(width, p.N);
    if (area < least_area) {
      least_area = area;
      best = rows;
    }
  }
  return best;
}

template <typename T>
struct Scratch {
  T* left;   // [kBlockRows, depth], packed
  T* right;  // [depth, kBlockColumns], packed
};

template <typename T>
int64_t left_elements(const Product<T>& p) {
  return blocks(least(p.M, kBlockRows), kTileRows) * kTileRows * depth_of_block<T>(p.K) + 64;
}
template <typename T>
int64_t right_elements(const Product<T>& p) {
  return blocks(least(p.N, kBlockColumns), kTileColumns<T>) * kTileColumns<T> * depth_of_block<T>(p.K) + 64;
}
template <typename T>
int64_t elements_a_thread(const Product<T>& p) {
  return blocks(left_elements(p) + right_elements(p), 64) * 64;
}

// The tiles of the rows [i0, i1) and the columns [j0, j1) over one block of K, from k0.
// A panel of b stays in the first-level cache while the panels of a pass by.
template <typename T>
void tiles(const MatmulCall<T>& call, const Product<T>& p, Stage stage, int64_t k0, int64_t depth, Part rows,
           Part columns, const T* left, const T* right) {
  constexpr int64_t C = kTileColumns<T>;
  alignas(64) T tile[kTileRows * C];
  const bool direct = stage.first && stage.last && !p.swapped && is_plain(call);
  for (int64_t j = columns.begin; j < columns.end; j += C) {
    const int64_t width = least(C, columns.end - j);
    const T* panel = right == nullptr ? nullptr : right + (j - columns.begin) * depth;
    const Right<T> b =
        panel == nullptr ? Right<T>{p.b.data + k0 * p.b.depth + j, p.b.depth, 1} : Right<T>{panel, C, 1};
    for (int64_t i = rows.begin; i < rows.end; i += kTileRows) {
      const int64_t height = least(kTileRows, rows.end - i);
      const Left<T> a = left == nullptr ? Left<T>{p.a.data + i * p.a.row + k0 * p.a.depth, p.a.row, p.a.depth}
                                        : Left<T>{left + (i - rows.begin) * depth, 1, kTileRows};
      if (!p.swapped) {
        // The tile's part of c is wanted by the time its product is done.
        for (int64_t r = 0; r < height; ++r) {
          for (int64_t v = 0; v < width; v += kLanes<T>)
            __builtin_prefetch(call.c + (i + r) * call.ldc + j + v, 1);
        }
      }
      if (direct && width == C) {
        multiply<T>(depth, height, width, a, b, call.c + i * call.ldc + j, call.ldc);
        continue;
      }
      multiply<T>(depth, height, width, a, b, tile, C);
      finish_tile(call, stage, p.swapped, static_cast<const T*>(tile), i, j, height, width);
    }
  }
}

// The columns of `part` that can be read in place, whole panels side by side; the others are packed.
template <typename T>
int64_t readable_in_place(const Product<T>& p, Part rows, Part part) {
  const bool worth_packing = rows.end - rows.begin > kPackRightRows;
  if (p.b.column != 1 || worth_packing) return 0;
  return (part.end - part.begin) / kTileColumns<T> * kTileColumns<T>;
}

// One thread's rectangle of c.
template <typename T>
void rectangle(const MatmulCall<T>& call, const Product<T>& p, Part rows, Part columns, Scratch<T> scratch) {
  constexpr int64_t C = kTileColumns<T>;
  const int64_t step = depth_of_block<T>(p.K);
  const bool pack_a = columns.end - columns.begin > kPackLeftColumns<T>;
  for (int64_t j0 = columns.begin; j0 < columns.end; j0 += kBlockColumns) {
    const Part wide = {j0, least(j0 + kBlockColumns, columns.end)};
    const int64_t direct = readable_in_place(p, rows, wide);
    int64_t k0 = 0;
    do {
      const int64_t depth = least(step, p.K - k0);
      const Stage stage = {k0 == 0, k0 + depth >= p.K};
      const Part in_place = {wide.begin, wide.begin + direct};
      const Part packed = {in_place.end, wide.end};
      for (int64_t j = packed.begin; j < packed.end; j += C) {
        pack_right(depth, least(C, packed.end - j),
                   {p.b.data + k0 * p.b.depth + j * p.b.column, p.b.depth, p.b.column},
                   scratch.right + (j - packed.begin) * depth);
      }
      for (int64_t i0 = rows.begin; i0 < rows.end; i0 += kBlockRows) {
        const Part high = {i0, least(i0 + kBlockRows, rows.end)};
        const T* left = nullptr;
        if (pack_a) {
          for (int64_t i = high.begin; i < high.end; i += kTileRows) {
            pack_left(depth, least(kTileRows, high.end - i),
                      {p.a.data + i * p.a.row + k0 * p.a.depth, p.a.row, p.a.depth},
                      scratch.left + (i - high.begin) * depth);
          }
          left = scratch.left;
        }
        tiles(call, p, stage, k0, depth, high, in_place, left, static_cast<const T*>(nullptr));
        tiles(call, p, stage, k0, depth, high, packed, left, static_cast<const T*>(scratch.right));
      }
      k0 += step;
    } while (k0 < p.K);
  }
}

// The sum of a vector's lanes, by halves: a chain of additions lane by lane takes longer than the dot
// product.
template <typename T>
THALWEG_INLINE T sum_of_lanes(Vector<T> v) {
  T lanes[kLanes<T>];
  __builtin_memcpy(lanes, &v, sizeof(v));
#pragma GCC unroll 4
  for (int64_t half = kLanes<T> / 2; half > 0; half /= 2) {
    for (int64_t l = 0; l < half; ++l) lanes[l] += lanes[l + half];
  }
  return lanes[0];
}

// products[0 … 3] = a [K] · each of four rows of b.
template <typename T>
void four_dots(int64_t K, const T* a, const T* const* b, T* products) {
  constexpr int64_t L = kLanes<T>;
  Vector<T> sum[4][2] = {};
  int64_t k = 0;
  for (; k + 2 * L <= K; k += 2 * L) {
    const Vector<T> a0 = load(a + k);
    const Vector<T> a1 = load(a + k + L);
#pragma GCC unroll 4
    for (int x = 0; x < 4; ++x) {
      sum[x][0] += a0 * load(b[x] + k);
      sum[x][1] += a1 * load(b[x] + k + L);
    }
  }
  if (k + L <= K) {
    const Vector<T> a0 = load(a + k);
#pragma GCC unroll 4
    for (int x = 0; x < 4; ++x) sum[x][0] += a0 * load(b[x] + k);
    k += L;
  }
  for (int x = 0; x < 4; ++x) {
    T total = sum_of_lanes<T>(sum[x][0] + sum[x][1]);
    for (int64_t rest = k; rest < K; ++rest) total += a[rest] * b[x][rest];
    products[x] = total;
  }
}

// c [1, N] where the rows of bᵀ lie in memory one by one: a dot product each.
template <typename T>
void row_by_dots(const MatmulCall<T>& call, const Product<T>& p, Part columns) {
  constexpr int64_t C = kTileColumns<T>;
  alignas(64) T products[C] = {};
  for (int64_t j0 = columns.begin; j0 < columns.end; j0 += C) {
    const int64_t width = least(C, columns.end - j0);
    for (int64_t j = 0; j < width; j += 4) {
      const T* b[4];
      for (int64_t x = 0; x < 4; ++x) b[x] = p.b.data + (j0 + least(j + x, width - 1)) * p.b.column;
      four_dots(p.K, p.a.data, b, products + j);
    }
    finish_tile(call, {true, true}, p.swapped, static_cast<const T*>(products), 0, j0, 1, width);
  }
}

// c [M, N] += alpha · a [M] · bᵀ [N]: each element of c is read and written once, and nothing is packed.
template <typename T>
void rank_one(const MatmulCall<T>& call, const Product<T>& p, Part rows) {
  for (int64_t i = rows.begin; i < rows.end; ++i) {
    const T factor = call.alpha * p.a.data[i * p.a.row];
    const T* b = p.b.data;
    T* c = call.c + i * call.ldc;
    if (call.beta == 1) {
#pragma omp simd
      for (int64_t j = 0; j < p.N; ++j) c[j] += factor * b[j];
    } else if (call.beta == 0) {
#pragma omp simd
      for (int64_t j = 0; j < p.N; ++j) c[j] = factor * b[j];
    } else {
#pragma omp simd
      for (int64_t j = 0; j < p.N; ++j) c[j] = call.beta * c[j] + factor * b[j];
    }
  }
}

template <typename T>
void matmul(const MatmulCall<T>& call, const Team& team) {
  const Product<T> p = arrange(call);
  const bool by_dots = p.M == 1 && p.b.depth == 1 && p.b.column != 1 && p.a.depth == 1 && p.K > 0;
  if (by_dots) return row_by_dots(call, p, part_of(p.N, kTileColumns<T>, team.rank, team.size));
  if (p.K == 1 && !p.swapped && p.b.column == 1 && has_no_epilogue(call)) {
    return rank_one(call, p, part_of(p.M, 1, team.rank, team.size));
  }
  const int64_t high = threads_along_rows(p, team.size);
  const int64_t wide = team.size / high;
  const Part rows = part_of(p.M, kTileRows, team.rank / wide, high);
  const Part columns = part_of(p.N, kTileColumns<T>, team.rank % wide, wide);
  if (rows.begin == rows.end || columns.begin == columns.end) return;
  T* own = static_cast<T*>(call.scratch) + team.rank * elements_a_thread(p);
  rectangle(call, p, rows, columns, {own, own + left_elements(p)});
}

template <typename T>
int64_t matmul_scratch(const MatmulCall<T>& call, int32_t threads) {
  return threads * elements_a_thread(arrange(call)) * static_cast<int64_t>(sizeof(T));
}

}  // namespace

void add_matmul(Table& table) {
  table.matmul_f32 = matmul<float>;
  table.matmul_f64 = matmul<double>;
  table.matmul_scratch_f32 = matmul_scratch<float>;
  table.matmul_scratch_f64 = matmul_scratch<double>;
}

}  // namespace thalweg::THALWEG_ISA
