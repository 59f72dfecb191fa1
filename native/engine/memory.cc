#include "memory.h"

#include <cstring>
#include <new>

#include "threads.h"

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

// Bytes written for the first time in a nanosecond: the system clears their pages first.
constexpr double kSpeed = 2;

void clear(void* data, size_t size) {
  struct Work {
    std::byte* data;
    int64_t size;
  } work = {static_cast<std::byte*>(data), static_cast<int64_t>(size)};
  const TeamWork share = [](void* context, const Team& team) {
    const auto& all = *static_cast<const Work*>(context);
    const int64_t begin = all.size * team.rank / team.size;
    const int64_t end = all.size * (team.rank + 1) / team.size;
    std::memset(all.data + begin, 0, static_cast<size_t>(end - begin));
  };
  // With a barrier, though it is not used: otherwise one thread may do another's share.
  run_on(choose_crew(static_cast<double>(size) / kSpeed, 1, thread_count()), true, share, &work);
}

}  // namespace

Memory::Memory(int64_t bytes, Contents contents) : bytes_(bytes) {
  const size_t size = round_up(bytes == 0 ? 1 : static_cast<size_t>(bytes), kLine);
  data_.reset(allocate(size));
  if (data_ == nullptr) throw std::bad_alloc();
  if (contents == Contents::zeros) clear(data(), size);
}

}  // namespace thalweg
