#include "heap.h"

#include <cstddef>
#include <cstdlib>
#include <mutex>

namespace thalweg::addon {

void keep_freed_memory() {
#if defined(__GLIBC__)
  static std::once_flag once;
  // glibc asks the kernel for arrays as large as the largest that was ever freed, and takes smaller ones
  // from its heap; it learns from no larger one than this (mallopt(3), M_MMAP_THRESHOLD). Never touched,
  // such an array costs nothing.
  constexpr size_t kLargest = (size_t{32} << 20) - 16'384;
  std::call_once(once, [] {
    void* volatile array = std::malloc(kLargest);  // volatile: a compiler may leave the pair out
    std::free(array);
  });
#endif
}

}  // namespace thalweg::addon
