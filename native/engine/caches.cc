#include "caches.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include "error.h"

namespace thalweg {
namespace {

// Beyond these no cache is, and no size that is computed from one overflows.
constexpr int64_t kLeastBytes = 1 << 10;
constexpr int64_t kMostBytes = int64_t{1} << 40;

// Reads bytes such as "512k" or "16M" and moves behind them; 0 for anything else.
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

std::string first_line(const std::string& path) {
  char line[256] = "";
  if (std::FILE* file = std::fopen(path.c_str(), "r")) {
    if (std::fgets(line, sizeof(line), file) == nullptr) line[0] = '\0';
    std::fclose(file);
  }
  line[std::strcspn(line, "\n")] = '\0';
  return line;
}

// How many "0-3,8" are.
int64_t count_of(const std::string& list) {
  int64_t count = 0;
  for (const char* at = list.c_str(); *at != '\0';) {
    char* end = nullptr;
    const long first = std::strtol(at, &end, 10);
    if (end == at) break;
    long last = first;
    if (*end == '-') last = std::strtol(end + 1, &end, 10);
    count += last - first + 1;
    at = *end == ',' ? end + 1 : end;
  }
  return count < 1 ? 1 : count;
}

Caches told_by_system() {
  Caches result;
  for (int index = 0; index < 16; ++index) {
    const std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/";
    const std::string level = first_line(folder + "level");
    const std::string size = first_line(folder + "size");
    const char* text = size.c_str();
    const int64_t bytes = read_bytes(text);
    if (level.size() != 1 || bytes == 0 || first_line(folder + "type") == "Instruction") continue;
    if (level == "1") result.first = bytes;
    if (level == "2") result.second = bytes;
    if (level == "3") result.third = bytes / count_of(first_line(folder + "shared_cpu_list"));
  }
  return result;
}

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
  if (setting == nullptr || *setting == '\0') return told_by_system();
  const std::optional<Caches> named = read_setting(setting);
  if (named) return *named;
  throw Error("ERR_VALUE", "THALWEG_CACHES is \"" + std::string(setting) +
                               "\"; expected three sizes, of a core's first, second and third "
                               "level, such as 32k,512k,4m");
}

}  // namespace

const Caches& caches() {
  static const Caches chosen = choose();
  return chosen;
}

}  // namespace thalweg
