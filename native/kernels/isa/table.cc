#include "namespace.h"

#define THALWEG_STRING(x) #x
#define THALWEG_NAME(x) THALWEG_STRING(x)

namespace thalweg::THALWEG_ISA {

void fill_table(Table& table) {
  table.isa = THALWEG_NAME(THALWEG_ISA);
  add_cross_entropy(table);
  add_eigh(table);
  add_elementwise(table);
  add_index(table);
  add_matmul(table);
  add_normal(table);
  add_reduce(table);
  add_rows(table);
  add_sparse(table);
  add_strided(table);
  add_update(table);
}

}  // namespace thalweg::THALWEG_ISA
