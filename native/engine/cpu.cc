#include "cpu.h"

#include <cstdlib>

#include "error.h"

#define THALWEG_DECLARE(isa) \
  namespace thalweg::isa {   \
  void fill_table(Table&);   \
  }

THALWEG_DECLARE(reference)
#if defined(__x86_64__)
THALWEG_DECLARE(x86_64_v2)
THALWEG_DECLARE(x86_64_v3)
THALWEG_DECLARE(x86_64_v4)
#elif defined(__aarch64__)
THALWEG_DECLARE(neon)
#endif

namespace thalweg {
namespace {

struct Isa {
  const char* name;
  void (*fill)(Table&);
  bool available;
};

// From the plainest to the best.
std::vector<Isa> isas() {
  std::vector<Isa> all = {{"reference", reference::fill_table, true}};
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool v2 = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
  const bool v3 = v2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                  __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
  all.push_back({"x86_64_v2", x86_64_v2::fill_table, v2});
  all.push_back({"x86_64_v3", x86_64_v3::fill_table, v3});
  all.push_back({"x86_64_v4", x86_64_v4::fill_table, v4});
#elif defined(__aarch64__)
  all.push_back({"neon", neon::fill_table, true});
#endif
  return all;
}

Table* choose() {
  const char* wanted = std::getenv("THALWEG_ISA");
  const std::string name = wanted == nullptr ? "" : wanted;
  void (*fill)(Table&) = nullptr;
  std::string known;
  for (const Isa& isa : isas()) {
    if (!isa.available) continue;
    known += (known.empty() ? "" : ", ") + std::string(isa.name);
    if (name.empty() || name == isa.name) fill = isa.fill;
  }
  if (fill == nullptr) {
    throw Error("ERR_VALUE", "THALWEG_ISA is \"" + name + "\"; this CPU has " + known);
  }
  Table* table = new Table();  // lives as long as the process
  fill(*table);
  return table;
}

}  // namespace

std::vector<std::string> available_isas() {
  std::vector<std::string> names;
  for (const Isa& isa : isas()) {
    if (isa.available) names.push_back(isa.name);
  }
  return names;
}

Table reference_table() {
  Table table{};
  reference::fill_table(table);
  return table;
}

const Table& kernel_table() {
  static const Table* const table = choose();
  return *table;
}

}  // namespace thalweg
