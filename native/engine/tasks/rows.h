// y [rows, n]: a function of each row of x [rows, n].
#pragma once

#include <array>

#include "../description.h"

namespace thalweg {

Task* prepare_rows(const Operands&, const Table&, TaskStore&);

namespace describing {
inline constexpr Layout kRows = layout({size("rows"), size("n")}, {reads("x"), writes("y")});
}

inline bool has_rows(const Instruction& self, const Table& table, DType dtype) {
  return table.rows[static_cast<Rows>(self.kernel)][dtype] != nullptr;
}

constexpr Instruction describe_rows(Rows kernel) {
  return {.name = info_of(kernel).name,
          .family = "rows",
          .prepare = prepare_rows,
          .layout = &describing::kRows,
          .takes = has_rows,
          .kernel = static_cast<int32_t>(kernel),
          .flops_an_element = 5};
}

inline constexpr std::array kRowsInstructions = {
#define THALWEG_X(name, ...) describe_rows(Rows::name),
    THALWEG_ROWS(THALWEG_X)
#undef THALWEG_X
};

}  // namespace thalweg
