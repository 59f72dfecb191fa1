#include "caches.h"

#include <array>
#include <cstdlib>
#include <optional>
#include <string>

#include "error.h"
#include "system.h"

namespace thalweg {
namespace {

// Beyond these no cache is, and no size that is computed from one overflows.
constexpr int64_t kLeastBytes = 1 << 10;
constexpr int64_t kMostBytes = int64_t{1} << 40;

std::optional<Caches> read_setting(const char* text) {
  std::array<int64_t, 3> bytes{};
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0 && *text++ != ',') return std::nullopt;
    bytes[i] = read_bytes(text);
    if (bytes[i] == 0) return std::nullopt;
  }
  if (*text != '\0') return std::nullopt;
  return Caches{bytes[0], bytes[1], bytes[2]};
}

Caches choose() {
  const char* setting = std::getenv("THALWEG_CACHES");
  if (setting == nullptr || *setting == '\0') return system::caches();
  const std::optional<Caches> named = read_setting(setting);
  if (named) return *named;
  throw Error("ERR_VALUE", "THALWEG_CACHES is \"" + std::string(setting) +
                               "\"; expected three sizes, of a core's first, second and third "
                               "level, such as 32k,512k,4m");
}

}  // namespace

int64_t read_bytes(const char*& text) {
  char* end = nullptr;
  if (*text < '0' || *text > '9') return 0;
  const int64_t number = std::strtoll(text, &end, 10);
  int shift = 0;
  if (*end == 'k' || *end == 'K') shift = 10;
  if (*end == 'm' || *end == 'M') shift = 20;
  text = shift == 0 ? end : end + 1;
  if (number < 1 || number > kMostBytes >> shift) return 0;
  const int64_t bytes = number << shift;
  return bytes < kLeastBytes ? 0 : bytes;
}

const Caches& caches() {
  static const Caches chosen = choose();
  return chosen;
}

}  // namespace thalweg
