#include "memory.h"

#include <cstring>
#include <new>

#include "system.h"

namespace thalweg {
namespace {

constexpr size_t kLine = 64;

size_t round_up(size_t size, size_t to) { return (size + to - 1) / to * to; }

// As many whole huge pages as the size has, and one for the rest where that fills most of it.
void* allocate(size_t size) {
  constexpr size_t kPage = system::kHugePage;
  if constexpr (kPage > 0) {
    const size_t huge = (size + kPage / 4) / kPage * kPage;
    if (huge > 0) {
      void* const data = system::allocate(kPage, size < huge ? huge : size);
      if (data != nullptr) system::ask_for_huge_pages(data, huge);
      return data;
    }
  }
  return system::allocate(kLine, size);
}

}  // namespace

Memory::Memory(int64_t bytes) : bytes_(bytes) {
  const size_t size = round_up(bytes == 0 ? 1 : static_cast<size_t>(bytes), kLine);
  data_ = allocate(size);
  if (data_ == nullptr) throw std::bad_alloc();
  std::memset(data_, 0, size);
}

Memory::~Memory() { system::release(data_); }

}  // namespace thalweg
