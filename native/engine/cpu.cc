#include "cpu.h"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <span>

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
  std::string lacking;  // what the CPU or its system lacks for it; empty where it can be used
};

#if defined(__x86_64__)

// Words of bits that say what the CPU has and what the system keeps for each thread.
enum Word { kBasic, kStructured, kExtended, kKept, kWords };

// What a level of x86-64 needs: these bits of a word.
struct Feature {
  const char* name;
  Word word;
  uint32_t bits;
};

constexpr uint32_t bit(int index) { return uint32_t{1} << index; }

// The levels of the psABI, as the compiler's -march takes them, each with what it adds to the one before.
constexpr Feature kV2[] = {
    {"SSE3", kBasic, bit(0)},
    {"SSSE3", kBasic, bit(9)},
    {"CMPXCHG16B", kBasic, bit(13)},
    {"SSE4.1", kBasic, bit(19)},
    {"SSE4.2", kBasic, bit(20)},
    {"POPCNT", kBasic, bit(23)},
    {"LAHF and SAHF", kExtended, bit(0)},
};
constexpr Feature kV3[] = {
    {"FMA", kBasic, bit(12)},      {"MOVBE", kBasic, bit(22)},
    {"OSXSAVE", kBasic, bit(27)},  {"AVX", kBasic, bit(28)},
    {"F16C", kBasic, bit(29)},     {"BMI1", kStructured, bit(3)},
    {"AVX2", kStructured, bit(5)}, {"BMI2", kStructured, bit(8)},
    {"LZCNT", kExtended, bit(5)},  {"registers of 256 bits kept by the system", kKept, bit(1) | bit(2)},
};
// macOS keeps registers of 512 bits from their first use on.
#if defined(__APPLE__)
constexpr uint32_t kKept512 = 0;
#else
constexpr uint32_t kKept512 = bit(5) | bit(6) | bit(7);
#endif
constexpr Feature kV4[] = {
    {"AVX512F", kStructured, bit(16)},  {"AVX512DQ", kStructured, bit(17)},
    {"AVX512CD", kStructured, bit(28)}, {"AVX512BW", kStructured, bit(30)},
    {"AVX512VL", kStructured, bit(31)}, {"registers of 512 bits kept by the system", kKept, kKept512},
};

// Not every compiler's library has what __builtin_cpu_supports() needs.
std::array<uint32_t, kWords> words_of_cpu() {
  std::array<uint32_t, kWords> words{};
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) != 0) words[kBasic] = c;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) != 0) words[kStructured] = b;
  if (__get_cpuid(0x8000'0001, &a, &b, &c, &d) != 0) words[kExtended] = c;
  // The instruction is there where OSXSAVE is.
  if ((words[kBasic] & bit(27)) != 0) __asm__("xgetbv" : "=a"(words[kKept]), "=d"(d) : "c"(0));
  return words;
}

// Names what is not there.
std::string lacking(std::span<const Feature> features, const std::array<uint32_t, kWords>& words) {
  std::string names;
  for (const auto& [name, word, bits] : features) {
    if ((words[word] & bits) == bits) continue;
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  return names;
}

#endif

// From the plainest to the best. What is lacking for one is lacking for all after it.
std::vector<Isa> isas() {
  std::vector<Isa> all = {{"reference", reference::fill_table, ""}};
#if defined(__x86_64__)
  const auto words = words_of_cpu();
  const auto add = [&](const char* name, void (*fill)(Table&), std::span<const Feature> features) {
    const std::string before = all.back().lacking;
    all.push_back({name, fill, before.empty() ? lacking(features, words) : before});
  };
  add("x86_64_v2", x86_64_v2::fill_table, kV2);
  add("x86_64_v3", x86_64_v3::fill_table, kV3);
  add("x86_64_v4", x86_64_v4::fill_table, kV4);
#elif defined(__aarch64__)
  all.push_back({"neon", neon::fill_table, ""});
#endif
  return all;
}

Table* choose() {
  const char* wanted = std::getenv("THALWEG_ISA");
  const std::string name = wanted == nullptr ? "" : wanted;
  void (*fill)(Table&) = nullptr;
  std::string known;
  for (const Isa& isa : isas()) {
    if (!isa.lacking.empty()) continue;
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
    if (isa.lacking.empty()) names.push_back(isa.name);
  }
  return names;
}

std::string lacking_for_next() {
  for (const Isa& isa : isas()) {
    if (!isa.lacking.empty()) return isa.lacking;
  }
  return "";
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
