// Samples lie side by side in the lanes of vectors, so that an entry of the matrix is read once for a block
// of them. For that x is copied, transposed. One sample alone is not copied.
#include "sparse.h"

#include "dot.h"
#include "isa/namespace.h"

namespace thalweg::THALWEG_ISA {
namespace {

// Entries of a row are added up in this many sums in turn, for any number of samples: a sum does not depend
// on the samples beside it, and no addition waits for the one before.
constexpr int kSums = 4;

// What a row costs besides its entries, in entries.
constexpr int64_t kRowCost = 8;

// Vectors of samples in a block.
constexpr int kBlockVectors = Tuning::sparse_vectors;

int64_t blocks_of(int64_t n, int64_t size) { return (n + size - 1) / size; }
int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// Of one sample, entries are taken by this many at a time, whatever the vectors: one order of sums for all
// instruction sets. Their x are loaded one by one, which takes less time than a gather.
template <typename T>
constexpr int64_t kGroup = 32 / static_cast<int64_t>(sizeof(T));

// --- what is not trusted -----------------------------------------------------------------------------

// Whether all of them are in [0, limit). A negative one is 2³¹ or more.
bool are_below(const int32_t* index, int64_t count, int64_t limit) {
  uint32_t most = 0;
  for (int64_t i = 0; i < count; ++i) {
    const auto one = static_cast<uint32_t>(index[i]);
    most = one > most ? one : most;
  }
  return count == 0 || (most <= INT32_MAX && static_cast<int64_t>(most) < limit);
}

template <typename T>
bool are_starts(const SparseCall<T>& c) {
  if (c.starts[0] != 0 || c.starts[c.rows] != c.entries) return false;
  int32_t falls = 0;
  for (int64_t i = 0; i < c.rows; ++i) falls |= c.starts[i] > c.starts[i + 1] ? 1 : 0;
  return falls == 0;
}

// Whether the entries [begin, end) stand where there are columns and values.
template <typename T>
bool are_entries(const SparseCall<T>& c, int64_t begin, int64_t end) {
  return are_below(c.index + begin, end - begin, c.columns) &&
         (c.order == nullptr || are_below(c.order + begin, end - begin, c.entries));
}

// Entries that are checked at a time. They stay in the first-level cache until they are used.
constexpr int64_t kChecked = 1024;

// --- what each thread does -----------------------------------------------------------------------------

// The rows of a block of samples.
struct Part {
  int64_t block, begin, end;
};

// The first row before which lies work of at least `work`.
template <typename T>
int64_t row_after(const SparseCall<T>& c, int64_t work) {
  int64_t low = 0;
  int64_t high = c.rows;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (c.starts[middle] + middle * kRowCost < work) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// Calls each(part) for the share of one thread of all rows of all blocks: shares of equal work.
template <typename T, typename Each>
void for_share(const SparseCall<T>& c, int64_t blocks, const Team& team, const Each& each) {
  const int64_t work = c.entries + c.rows * kRowCost;
  if (work == 0) return;
  const int64_t begin = blocks * work * team.rank / team.size;
  const int64_t end = blocks * work * (team.rank + 1) / team.size;
  for (int64_t block = begin / work; block < blocks && block * work < end; ++block) {
    const int64_t from = begin > block * work ? row_after(c, begin - block * work) : 0;
    const int64_t to = end < (block + 1) * work ? row_after(c, end - block * work) : c.rows;
    if (from < to) each(Part{block, from, to});
  }
}

// Calls run(begin, end) with the rows of one thread, some at a time, once their entries are found to be in
// range. False where they are not.
template <typename T, typename Run>
bool for_rows(const SparseCall<T>& c, const Team& team, const Run& run) {
  bool fits = true;
  for_share(c, 1, team, [&](const Part& part) {
    for (int64_t begin = part.begin; begin < part.end && fits;) {
      int64_t end = begin;
      while (end < part.end && c.starts[end] - c.starts[begin] < kChecked) {
        ++end;
      }
      fits = are_entries(c, c.starts[begin], c.starts[end]);
      if (fits) run(begin, end);
      begin = end;
    }
  });
  return fits;
}

void wait(const Team& team) {
  if (team.size > 1) team.wait(team.barrier);
}

// --- x, transposed ---------------------------------------------------------------------------------------

// to [blocks][columns][width]: the samples of a block side by side, and zeros after the last.
template <typename T>
struct Lanes {
  int64_t batch, columns;
  int64_t width;       // samples in a block
  int64_t last_width;  // of the last one, whole vectors
  int64_t blocks;

  Lanes(int64_t samples, int64_t columns_of_x, int64_t most_vectors) : batch(samples), columns(columns_of_x) {
    constexpr int64_t L = kLanes<T>;
    const int64_t vectors = blocks_of(samples, L);
    width = least(vectors, most_vectors) * L;
    blocks = blocks_of(vectors * L, width);
    last_width = vectors * L - (blocks - 1) * width;
  }

  int64_t width_of(int64_t block) const { return block + 1 < blocks ? width : last_width; }
  int64_t samples_of(int64_t block) const { return least(batch - block * width, width); }
  int64_t begin_of(int64_t block) const { return block * width * columns; }
  int64_t size() const { return begin_of(blocks - 1) + last_width * columns; }
};

template <typename T>
void fill_lanes(const Lanes<T>& lanes, const T* x, T* to, const Team& team) {
  constexpr int64_t C = 64 / static_cast<int64_t>(sizeof(T));
  const int64_t chunks = blocks_of(lanes.columns, C);
  const int64_t all = lanes.blocks * chunks;
  const int64_t end = all * (team.rank + 1) / team.size;
  for (int64_t at = all * team.rank / team.size; at < end; ++at) {
    const int64_t block = at / chunks;
    const int64_t first = at % chunks * C;
    const int64_t columns = least(C, lanes.columns - first);
    const int64_t width = lanes.width_of(block);
    const int64_t samples = lanes.samples_of(block);
    T* const chunk = to + lanes.begin_of(block) + first * width;
    const T* const from = x + block * lanes.width * lanes.columns + first;
    for (int64_t l = 0; l < samples; ++l) {
      for (int64_t c = 0; c < columns; ++c) chunk[c * width + l] = from[l * lanes.columns + c];
    }
    for (int64_t l = samples; l < width; ++l) {
      for (int64_t c = 0; c < columns; ++c) chunk[c * width + l] = 0;
    }
  }
}

// --- product ---------------------------------------------------------------------------------------------

template <typename V>
V joined(const V* sums) {
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

template <bool kOrdered, typename T>
T value_of(const SparseCall<T>& c, int64_t e) {
  return c.values[kOrdered ? c.order[e] : e];
}

template <typename T>
T with_bias(const SparseCall<T>& c, int64_t i, T sum) {
  return c.bias == nullptr ? sum : sum + c.bias[i];
}

template <typename T>
struct GroupOf {
  typedef T Type __attribute__((vector_size(32)));
};
template <typename T>
using Group = typename GroupOf<T>::Type;

// The elements of x at kGroup places. By quarters: the compiler would load all places first, for which there
// are not enough registers.
template <typename T>
inline __attribute__((always_inline)) void pick(const T* x, const int32_t* at, Group<T>& to) {
  typedef T Half __attribute__((vector_size(16)));
  constexpr int64_t H = kGroup<T> / 2;
  Half halves[2];
#pragma GCC unroll 2
  for (int h = 0; h < 2; ++h) {
    const int32_t* const from = at + h * H;
    if constexpr (H == 4) {
      halves[h] = Half{x[from[0]], x[from[1]], x[from[2]], x[from[3]]};
    } else {
      halves[h] = Half{x[from[0]], x[from[1]]};
    }
    halves[h] = in_register(halves[h]);
  }
  if constexpr (H == 4) {
    to = __builtin_shufflevector(halves[0], halves[1], 0, 1, 2, 3, 4, 5, 6, 7);
  } else {
    to = __builtin_shufflevector(halves[0], halves[1], 0, 1, 2, 3);
  }
}

// values[order[e]] · x[index[e]] for kGroup entries from e on.
template <bool kOrdered, typename T>
inline __attribute__((always_inline)) void products_of_group(const SparseCall<T>& c, int64_t e,
                                                             Group<T>& to) {
  Group<T> w;
  if constexpr (kOrdered) {
    pick(c.values, c.order + e, w);
  } else {
    __builtin_memcpy(&w, c.values + e, sizeof(w));
  }
  pick(c.x, c.index + e, to);
  to *= w;
}

// The last entries of a row, less than kGroup: those of a group that ends with the row, or of none.
template <bool kOrdered, typename T>
inline __attribute__((always_inline)) void products_of_rest(const SparseCall<T>& c, int64_t begin,
                                                            int64_t end, int64_t rest, Group<T>& to) {
  constexpr int64_t G = kGroup<T>;
  if (end - begin < G) {
    T lanes[G] = {};
    for (int64_t l = G - rest; l < G; ++l) {
      lanes[l] = value_of<kOrdered>(c, end - G + l) * c.x[c.index[end - G + l]];
    }
    __builtin_memcpy(&to, lanes, sizeof(to));
    return;
  }
  products_of_group<kOrdered>(c, end - G, to);
  decltype(to < to) lane;
#pragma GCC unroll 8
  for (int64_t l = 0; l < G; ++l) lane[l] = l;
  // A choice and not a product with 0, which would make a NaN of ∞.
  to = lane >= static_cast<decltype(lane[0] + 0)>(G - rest) ? to : Group<T>{};
}

// A row for one sample.
template <bool kOrdered, typename T>
T row_of_one(const SparseCall<T>& c, int64_t begin, int64_t end) {
  constexpr int64_t G = kGroup<T>;
  Group<T> sum{};
  Group<T> products;
  int64_t e = begin;
  for (; e + G <= end; e += G) {
    products_of_group<kOrdered>(c, e, products);
    sum += products;
  }
  if (e < end) {
    products_of_rest<kOrdered>(c, begin, end, end - e, products);
    sum += products;
  }
  T lanes[G];
  __builtin_memcpy(lanes, &sum, sizeof(sum));
#pragma GCC unroll 3
  for (int64_t half = G / 2; half > 0; half /= 2) {
#pragma GCC unroll 4
    for (int64_t l = 0; l < half; ++l) lanes[l] += lanes[l + half];
  }
  return lanes[0];
}

// A row for V vectors of samples: to [V].
template <bool kOrdered, int V, typename T>
void row_of_block(const SparseCall<T>& c, const T* lanes, int64_t begin, int64_t end, Vector<T>* to) {
  constexpr int64_t L = kLanes<T>;
  Vector<T> sums[V][kSums] = {};
  const auto add = [&](int64_t e, int s) {
    const T w = value_of<kOrdered>(c, e);
    const T* const from = lanes + static_cast<int64_t>(c.index[e]) * (V * L);
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) sums[v][s] += w * load(from + v * L);
  };
  int64_t e = begin;
  for (; e + kSums <= end; e += kSums) {
#pragma GCC unroll 4
    for (int s = 0; s < kSums; ++s) add(e + s, s);
  }
#pragma GCC unroll 4
  for (int s = 0; s < kSums - 1; ++s) {
    if (e + s < end) add(e + s, s);
  }
#pragma GCC unroll 8
  for (int v = 0; v < V; ++v) to[v] = joined(static_cast<const Vector<T>*>(sums[v]));
}

// The rows of a part, for V vectors of samples.
template <bool kOrdered, int V, typename T>
bool rows_of_block(const SparseCall<T>& c, const Lanes<T>& lanes, const T* x, const Part& part) {
  constexpr int64_t L = kLanes<T>;
  constexpr int64_t kRows = 64 / static_cast<int64_t>(sizeof(T));  // of a cache line of y
  const int64_t samples = lanes.samples_of(part.block);
  T* const y = c.y + part.block * lanes.width * c.rows;
  for (int64_t first = part.begin; first < part.end; first += kRows) {
    Vector<T> tile[kRows][V];
    const int64_t rows = least(kRows, part.end - first);
    if (!are_entries(c, c.starts[first], c.starts[first + rows])) return false;
    for (int64_t r = 0; r < rows; ++r) {
      row_of_block<kOrdered, V>(c, x, c.starts[first + r], c.starts[first + r + 1], tile[r]);
    }
    for (int64_t b = 0; b < samples; ++b) {
      for (int64_t r = 0; r < rows; ++r) {
        y[b * c.rows + first + r] = with_bias(c, first + r, tile[r][b / L][b % L]);
      }
    }
  }
  return true;
}

template <typename T>
using RowsFn_ = bool (*)(const SparseCall<T>& c, const Lanes<T>& lanes, const T* x, const Part& part);

template <bool kOrdered, typename T, int V = kBlockVectors>
RowsFn_<T> rows_fn(int64_t vectors) {
  if (vectors == V) return rows_of_block<kOrdered, V, T>;
  if constexpr (V > 1) return rows_fn<kOrdered, T, V - 1>(vectors);
  return nullptr;
}

template <typename T>
Lanes<T> product_lanes(const SparseCall<T>& c) {
  return Lanes<T>(c.batch, c.columns, kBlockVectors);
}

template <typename T>
int64_t product_scratch(const SparseCall<T>& c) {
  return c.batch <= 1 ? 0 : product_lanes(c).size() * static_cast<int64_t>(sizeof(T));
}

template <bool kOrdered, typename T>
bool product_of(const SparseCall<T>& c, const Team& team) {
  if (c.batch == 1) {
    return for_rows(c, team, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        c.y[i] = with_bias(c, i, row_of_one<kOrdered>(c, c.starts[i], c.starts[i + 1]));
      }
    });
  }
  const Lanes<T> lanes = product_lanes(c);
  auto* const x = static_cast<T*>(c.scratch);
  fill_lanes(lanes, c.x, x, team);
  wait(team);
  bool fits = true;
  for_share(c, lanes.blocks, team, [&](const Part& part) {
    const auto rows = rows_fn<kOrdered, T>(lanes.width_of(part.block) / kLanes<T>);
    fits = rows(c, lanes, x + lanes.begin_of(part.block), part) && fits;
  });
  return fits;
}

template <typename T>
bool product(const SparseCall<T>& c, const Team& team) {
  if (!are_starts(c)) return false;
  return c.order == nullptr ? product_of<false>(c, team) : product_of<true>(c, team);
}

// --- sampled ---------------------------------------------------------------------------------------------

// All samples of a column are one line of whole vectors.
template <typename T>
Lanes<T> line_lanes(const SparseCall<T>& c, int64_t columns) {
  return Lanes<T>(c.batch, columns, blocks_of(c.batch, kLanes<T>));
}

// y[e …] of kLanes entries: dot products of one line with others.
template <typename T>
Vector<T> dots_of(int64_t length, const T* line, const T* const* others) {
  constexpr int64_t L = kLanes<T>;
  Vector<T> sums[L] = {};
  for (int64_t k = 0; k < length; k += L) {
    const Vector<T> a = load(line + k);
#pragma GCC unroll 16
    for (int64_t l = 0; l < L; ++l) sums[l] += a * load(others[l] + k);
  }
  return sums_of_lanes<T>(static_cast<Vector<T>*>(sums));
}

template <typename T>
void sampled_row(const SparseCall<T>& c, int64_t length, const T* line, const T* x, int64_t begin,
                 int64_t end) {
  constexpr int64_t L = kLanes<T>;
  for (int64_t e = begin; e < end; e += L) {
    const int64_t count = least(L, end - e);
    const T* others[L];
    for (int64_t l = 0; l < L; ++l) others[l] = x + c.index[e + least(l, count - 1)] * length;
    const Vector<T> sums = dots_of(length, line, static_cast<const T* const*>(others));
    for (int64_t l = 0; l < count; ++l) c.y[e + l] = sums[l];
  }
}

// For one sample.
template <typename T>
void sampled_row_of_one(const SparseCall<T>& c, T a, int64_t begin, int64_t end) {
  constexpr int64_t G = kGroup<T>;
  const auto group = [&](int64_t e) {
    Group<T> products;
    pick(c.x, c.index + e, products);
    products *= a;
    __builtin_memcpy(c.y + e, &products, sizeof(products));
  };
  int64_t e = begin;
  for (; e + G <= end; e += G) group(e);
  // The last group overlaps with the one before.
  if (end - begin >= G && e < end) return group(end - G);
  for (; e < end; ++e) c.y[e] = a * c.x[c.index[e]];
}

template <typename T>
int64_t sampled_scratch(const SparseCall<T>& c) {
  if (c.batch <= 1) return 0;
  return (line_lanes(c, c.rows).size() + line_lanes(c, c.columns).size()) * static_cast<int64_t>(sizeof(T));
}

template <typename T>
bool sampled(const SparseCall<T>& c, const Team& team) {
  if (!are_starts(c)) return false;
  const auto for_each = [&](const auto& run) {
    return for_rows(c, team, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) run(i, c.starts[i], c.starts[i + 1]);
    });
  };
  if (c.batch == 0) {
    return for_each([&](int64_t, int64_t begin, int64_t end) {
      for (int64_t e = begin; e < end; ++e) c.y[e] = 0;
    });
  }
  if (c.batch == 1) {
    return for_each(
        [&](int64_t i, int64_t begin, int64_t end) { sampled_row_of_one(c, c.a[i], begin, end); });
  }
  const Lanes<T> rows = line_lanes(c, c.rows);
  const Lanes<T> columns = line_lanes(c, c.columns);
  auto* const a = static_cast<T*>(c.scratch);
  T* const x = a + rows.size();
  fill_lanes(rows, c.a, a, team);
  fill_lanes(columns, c.x, x, team);
  wait(team);
  return for_each([&](int64_t i, int64_t begin, int64_t end) {
    sampled_row(c, rows.width, a + i * rows.width, x, begin, end);
  });
}

}  // namespace

void add_sparse(Table& table) {
  table.sparse_product = {{product<float>, product_scratch<float>},
                          {product<double>, product_scratch<double>}};
  table.sparse_sampled = {{sampled<float>, sampled_scratch<float>},
                          {sampled<double>, sampled_scratch<double>}};
}

}  // namespace thalweg::THALWEG_ISA
