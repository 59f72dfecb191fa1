// Says which instruction sets this CPU has, and what it lacks for the next. Compiled and run by levels.test.ts,
// linked with the engine.
#include <cstdio>

#include "../../native/engine/cpu.h"

int main() {
  for (const std::string& name : thalweg::available_isas()) std::printf("%s ", name.c_str());
  std::printf("| %s\n", thalweg::lacking_for_next().c_str());
}
