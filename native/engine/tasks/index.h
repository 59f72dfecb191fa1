// Reading (index_select, gather), adding (index_add, scatter_add), writing to a copy (scatter) and writing in
// place (write_rows) by index along the middle axis. `outer`, `axis` and `inner` are the sizes of the longer
// tensor, `count` stands for `axis` in the shorter one.
//
// reading: x [outer, axis, inner] → y [outer, count, inner];
// adding:  x [outer, count, inner] is added into zeros, y [outer, axis, inner];
// writing to a copy: x [outer, axis, inner], source [outer, count, inner], y as x: the last one stays;
// writing in place:  target [axis, inner], source [count, inner]: the last one stays. If an index is out of
//                    range, nothing is written. The two do not overlap.
#pragma once

#include <array>

#include "../description.h"

namespace thalweg {

Task* prepare_index(const Operands&, const Table&, TaskStore&);
Task* prepare_write_rows(const Operands&, const Table&, TaskStore&);
Task* prepare_scatter(const Operands&, const Table&, TaskStore&);

namespace describing {

inline constexpr Layout kIndex = layout({size("outer"), size("axis"), size("inner"), size("count")},
                                        {reads("x"), reads("index", Elements::int32), writes("y")});
inline constexpr Layout kScatter =
    layout({size("outer"), size("axis"), size("inner"), size("count")},
           {reads("x"), reads("index", Elements::int32), reads("source"), writes("y")});

inline constexpr Layout kWriteRows =
    layout({size("axis"), size("inner"), size("count")},
           {updates("target"), reads("index", Elements::int32), reads("source")});

}  // namespace describing

inline bool has_index(const Instruction& self, const Table& table, DType dtype) {
  return table.index[static_cast<Index>(self.kernel)][dtype] != nullptr;
}

constexpr Instruction describe_index(Index kernel) {
  const IndexDoes does = info_of(kernel).does;
  const bool writes = does == IndexDoes::write;
  return {.name = info_of(kernel).name,
          .family = "index",
          .prepare = writes ? prepare_write_rows : prepare_index,
          .layout = writes ? &describing::kWriteRows : &describing::kIndex,
          .takes = has_index,
          .kernel = static_cast<int32_t>(kernel),
          .can_fail = true,
          .moves = does != IndexDoes::add};
}

inline constexpr std::array kIndexInstructions = {
#define THALWEG_X(name, ...) describe_index(Index::name),
    THALWEG_INDEX(THALWEG_X)
#undef THALWEG_X
        Instruction{.name = "scatter",
                    .family = "index",
                    .prepare = prepare_scatter,
                    .layout = &describing::kScatter,
                    .takes = takes_all,
                    .can_fail = true},
};

}  // namespace thalweg
