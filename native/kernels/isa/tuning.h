// What the kernels are tuned by: the shapes of tiles, the sizes of blocks and the thresholds, one struct an
// instruction set. `Defaults` says what each number means and what it is unless a struct says otherwise.
// Every number gives right results; a test compiles the products with other ones.
#pragma once

#include <stdint.h>

namespace thalweg {

namespace tuning {

struct Defaults {
  // --- the machine -------------------------------------------------------------------------------

  static constexpr int64_t vector_bytes = 16;  // a vector register
  static constexpr int64_t cache_line_bytes = 64;
  // Addresses this far apart have the same place in the first-level cache (64 sets of 64 bytes). It holds
  // same_set_rows such rows beside what else is read; more of them push each other out.
  static constexpr int64_t same_set_bytes = 4096;
  static constexpr int64_t same_set_rows = 7;

  // --- products: tiles of c in registers -----------------------------------------------------------

  // A tile has tile_rows rows of tile_vectors vectors: as many accumulators as there are registers for, less
  // two for a line of b and one or two for a factor of a. Here 8 of 16 registers: without FMA each product
  // needs a register too.
  static constexpr int tile_rows = 4;
  static constexpr int tile_vectors = 2;
  // Terms without a branch between them.
  static constexpr int64_t terms_unrolled = 1;
  // Terms between two steps of prefetching: more lines at a time would take the places in which the loads of
  // the multipliers wait.
  static constexpr int64_t terms_a_step = 8;
  // A tile of fewer steps does not prefetch its rows of c: they would come too late.
  static constexpr int64_t least_steps = 4;

  // --- products: blocks and packed copies ------------------------------------------------------------

  // Terms that are added up at once, in bytes: a block of K. It does not follow from the caches, so that sums
  // are the same bits on all machines with this instruction set. A panel of b is read for each tile of rows.
  static constexpr int64_t depth_bytes = 4096;
  // A block of packed rows of a takes one part in this many of its cache. Fewer rows than these would have b
  // packed too often; more save nothing.
  static constexpr int64_t block_share = 2;
  static constexpr int64_t least_block_rows = 96;
  static constexpr int64_t most_block_rows = 1024;
  // Panels of a copied at a time. One of them takes less than a cache line of each row of memory, and the
  // next row may be far away.
  static constexpr int64_t panels_at_a_time = 8;
  // Panels of b copied at a time, where its rows are: a panel takes a cache line or two of each row.
  static constexpr int64_t right_panels = 4;
  // Rows of b copied at a time, at least: the calls for fewer of them cost more than they copy.
  static constexpr int64_t rows_copied = 8;
  // Rows of b prefetched ahead of their copy: they are too far apart for the hardware to foresee them.
  static constexpr int64_t rows_ahead = 8;
  // Few tiles along the other side do not pay for a copy. b is read in place for up to this many tiles of
  // rows, fewer where its own rows share their place in the cache; a, for up to this many tiles of columns.
  static constexpr int64_t read_right_tiles = 5;
  static constexpr int64_t read_crowded_tiles = 2;
  static constexpr int64_t read_left_tiles = 3;
  // Rows of a that lie side by side are read in place up to this many terms.
  static constexpr int64_t read_adjacent_terms = 64;
  // Elements of a from which the threads pack it together, at the price of a barrier.
  static constexpr int64_t shared_elements = 65'536;
  // Of more, each thread packs what it needs: a part of the cost, and a slow core would hold the others.
  static constexpr int64_t most_shared_elements = 1'048'576;
  // Columns a thread must have for that: what another thread packed comes from that thread's cache.
  static constexpr int64_t shared_columns = 128;

  // --- products as dot products: of few rows, nothing is copied --------------------------------------

  static constexpr int64_t dot_rows = 4;  // rows or columns of c, at most
  static constexpr int dots = 4;          // at a time: independent sums, and as many streams from memory
  // Rows of a times lines of b at a time: as many sums as there are registers for. More rows than lines where
  // there are registers for it, since the rows stay in the first-level cache while the lines come.
  static constexpr int dot_tile_rows = 2;
  static constexpr int dot_tile_lines = 4;
  static constexpr int64_t dot_tile_terms = 256;  // the sum of the lanes takes too much time of shorter lines
  // A line must be shorter, so that eight of them find room in the first-level cache.
  static constexpr int64_t dot_line_bytes = 4096;
  // b's lines, which stay in the second-level cache while a's rows come, take one part in this many of it.
  static constexpr int64_t dot_tile_share = 2;
  // What is chosen for few elements of b is what is best for this many rows, whatever their number: the sums
  // must not depend on it.
  static constexpr int64_t few_rows = 16;

  // --- products: estimated costs, in multiply-adds of a vector ---------------------------------------

  static constexpr int64_t dot_sum_cost = 8;       // the lanes of one dot product
  static constexpr int64_t dot_tile_sum_cost = 3;  // the same where those of several are added up together
  static constexpr int64_t tiles_start_cost = 200;
  static constexpr int64_t elements_copied = 4;      // elements packed in the time of one multiply-add
  static constexpr int64_t few_elements_copied = 5;  // the same where tiles are compared with dot products
  static constexpr int64_t transpose_cost = 2;       // an element of c computed as cᵀ, in each block of K
  // Threads that do not divide the weights where the other products of the step do must read what another
  // thread wrote. It costs one part in this many.
  static constexpr int64_t other_side_cost = 6;
  // A division by rows and columns is good enough where the largest part is one in this many above the mean.
  static constexpr int64_t uneven_part = 20;
  // From this cost on a share is cut into pieces: of smaller ones the copies would cost too much. The second
  // where whoever does a piece packs what it reads: some milliseconds, a few times what a core is away for.
  static constexpr int64_t least_share = 200'000;
  static constexpr int64_t least_packed_share = 20'000'000;

  // --- rows and elements -----------------------------------------------------------------------------

  // The widest vector of all instruction sets. Functions of many instructions are computed in whole blocks,
  // and a long row is summed in as many lanes as a block has: one order of sums for all instruction sets.
  static constexpr int64_t block_bytes = 64;
  // Up to this length a vector holds one value from each of several rows of a softmax.
  static constexpr int64_t short_row = 32;
  // Blocks of a row of a softmax that are added up in its dtype before they go into a double.
  static constexpr int64_t run_blocks = 32;
  // Exponentials of a cross-entropy that are kept, not computed again: they stay in the first-level cache.
  static constexpr int64_t kept_powers = 2048;
  // Short rows of a cross-entropy from which their lanes are joined together.
  static constexpr int64_t rows_joined = 4;
  // Rows of weights updated and multiplied at a time: a vector of the next x is loaded once for them.
  static constexpr int update_rows = 2;

  // --- reductions ------------------------------------------------------------------------------------

  // Columns reduced together: their accumulators stay in the first-level cache.
  static constexpr int64_t reduce_columns = 1024;
  // Values that one lane of a sum adds up before it goes into a double: the error of a float32 sum does not
  // grow with its length.
  static constexpr int64_t lane_terms = 32;
  static constexpr int64_t column_terms = 256;  // the same for a column, four rows at a time
  // Values searched at a time before it is asked whether one was found.
  static constexpr int64_t position_block = 256;
  static constexpr int64_t any_block = 1024;

  // --- sparse products -------------------------------------------------------------------------------

  // Vectors of samples that are multiplied with an entry at a time, each with four sums.
  static constexpr int sparse_vectors = 2;

  // --- copies ----------------------------------------------------------------------------------------

  // Rows and columns of a transposed tensor copied at a time, so that it is read by cache lines, not by
  // elements.
  static constexpr int64_t transpose_tile = 32;
};

struct reference : Defaults {};  // the naive twins use none of it

struct x86_64_v2 : Defaults {};

struct x86_64_v3 : Defaults {
  static constexpr int64_t vector_bytes = 32;
  static constexpr int tile_rows = 6;      // 12 accumulators of 16 registers
  static constexpr int dot_tile_rows = 3;  // 12 sums, three rows and a line
  // A tile's instructions fit into six a cycle with room to spare, which another machine's thread on the same
  // core takes away: three a cycle are left. All that is not a multiply-add or a load counts then.
  static constexpr int64_t terms_unrolled = 4;
  static constexpr int64_t terms_a_step = 32;
  static constexpr int64_t least_steps = 2;
  // So few multiply-adds for each line of b do not hide that it comes from the second-level cache. A panel of
  // 16 columns has room in the first-level cache.
  static constexpr int64_t depth_bytes = 1536;
  static constexpr int64_t most_block_rows = 2048;  // of which each is shorter
};

struct x86_64_v4 : Defaults {
  static constexpr int sparse_vectors = 4;
  static constexpr int64_t vector_bytes = 64;
  static constexpr int64_t right_panels = 2;  // of two cache lines a row
  static constexpr int tile_rows = 14;        // 28 accumulators of 32 registers
  static constexpr int dot_tile_rows = 8;
  static constexpr int dot_tile_lines = 3;  // 24 sums of 32 registers
};

struct neon : Defaults {
  static constexpr int sparse_vectors = 4;
  static constexpr int tile_rows = 12;  // 24 accumulators of 32 registers
  static constexpr int dot_tile_rows = 8;
  static constexpr int dot_tile_lines = 3;
};

// For no instruction set: shapes that divide nothing evenly, which the tests choose.
struct odd : Defaults {
  static constexpr int tile_rows = 5;
  static constexpr int dot_tile_rows = 3;
  static constexpr int dot_tile_lines = 2;
};

// For no instruction set: the shapes of one with the vectors of another, which the tests choose.
template <typename Shapes, typename Vectors>
struct with : Shapes {
  static constexpr int64_t vector_bytes = Vectors::vector_bytes;
};

}  // namespace tuning

#if defined(THALWEG_ISA)
#if !defined(THALWEG_TUNING)
#define THALWEG_TUNING THALWEG_ISA  // a test names another struct
#endif
using Tuning = tuning::THALWEG_TUNING;
#endif

// The same for every instruction set, since the engine's tasks are divided by them.

// A sink takes the sum of no more terms than these, in bytes: they are one panel, whatever its blocks.
constexpr int64_t kSinkBytes = 4096;
// Blocks of K are equal, in multiples of this many terms.
constexpr int64_t kDepthGrain = 8;
// The rows of a product with no more elements of b than these may be divided among calls of at least five
// rows: each element is the same sum.
constexpr int64_t kFewElements = 8192;

}  // namespace thalweg
