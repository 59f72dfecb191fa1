#include "memory.h"

#include <cstdlib>
#include <cstring>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace thalweg {
namespace {

constexpr size_t kLine = 64;
constexpr size_t kHugePage = size_t{2} << 20;

size_t round_up(size_t size, size_t to) { return (size + to - 1) / to * to; }

// As many whole huge pages as the size has, and one for the rest where that fills most of it.
void* allocate(size_t size) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  const size_t huge = (size + kHugePage / 4) / kHugePage * kHugePage;
  if (huge > 0) {
    void* data = nullptr;  // std::aligned_alloc wants a size of whole alignments
    if (posix_memalign(&data, kHugePage, size < huge ? huge : size) != 0) return nullptr;
    madvise(data, huge, MADV_HUGEPAGE);  // where it is refused, pages stay small
    return data;
  }
#endif
  return std::aligned_alloc(kLine, size);
}

}  // namespace

void ask_for_huge_pages([[maybe_unused]] void* data, [[maybe_unused]] size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  const auto at = reinterpret_cast<uintptr_t>(data);
  const uintptr_t begin = round_up(at, kHugePage);
  const uintptr_t end = (at + bytes) / kHugePage * kHugePage;
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

Memory::Memory(int64_t bytes) : bytes_(bytes) {
  const size_t size = round_up(bytes == 0 ? 1 : static_cast<size_t>(bytes), kLine);
  data_ = allocate(size);
  if (data_ == nullptr) throw std::bad_alloc();
  std::memset(data_, 0, size);
}

Memory::~Memory() { std::free(data_); }

}  // namespace thalweg
