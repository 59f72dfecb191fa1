#include "cpu.h"

#include <algorithm>
#include <cstdlib>
#include <initializer_list>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

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

#if defined(__x86_64__)

// The levels of x86-64 that this CPU has and the system lets programs use.
struct Features {
  bool v2 = false;
  bool v3 = false;
  bool v4 = false;
};

// Not every compiler's library has what __builtin_cpu_supports() needs.
Features features() {
  unsigned a = 0, b = 0, c1 = 0, b7 = 0, d = 0, ignored = 0;
  if (__get_cpuid(1, &a, &b, &c1, &d) == 0) return {};
  __get_cpuid_count(7, 0, &a, &b7, &ignored, &d);
  const auto has = [](unsigned word, std::initializer_list<int> bits) {
    return std::all_of(bits.begin(), bits.end(), [&](int bit) { return (word >> bit & 1) != 0; });
  };
  // Which registers the system keeps for each thread.
  unsigned kept = 0;
  if (has(c1, {27})) __asm__("xgetbv" : "=a"(kept), "=d"(d) : "c"(0));
  const bool keeps_256 = (kept & 0x6) == 0x6;
  // macOS keeps those of 512 bits from their first use on.
#if defined(__APPLE__)
  const bool keeps_512 = keeps_256;
#else
  const bool keeps_512 = (kept & 0xe6) == 0xe6;
#endif
  Features result;
  result.v2 = has(c1, {20, 23});                                                  // SSE4.2, popcnt
  result.v3 = result.v2 && keeps_256 && has(c1, {12, 28}) && has(b7, {3, 5, 8});  // FMA, AVX; BMI, AVX2, BMI2
  result.v4 = result.v3 && keeps_512 && has(b7, {16, 17, 28, 30, 31});            // AVX-512 F, DQ, CD, BW, VL
  return result;
}

#endif

// From the plainest to the best.
std::vector<Isa> isas() {
  std::vector<Isa> all = {{"reference", reference::fill_table, true}};
#if defined(__x86_64__)
  const Features have = features();
  all.push_back({"x86_64_v2", x86_64_v2::fill_table, have.v2});
  all.push_back({"x86_64_v3", x86_64_v3::fill_table, have.v3});
  all.push_back({"x86_64_v4", x86_64_v4::fill_table, have.v4});
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
