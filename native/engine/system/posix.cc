#if !defined(_WIN32)

#include <cstdlib>

#include "../system.h"

namespace thalweg::system {

void* allocate(size_t alignment, size_t bytes) {
  void* memory = nullptr;
  return posix_memalign(&memory, alignment, bytes) == 0 ? memory : nullptr;
}

void release(void* memory) { std::free(memory); }

}  // namespace thalweg::system

#endif
