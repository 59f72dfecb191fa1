// What Debian's libstdc++, made for glibc, asks of its C library and does not find in musl. Programs for Alpine bring a
// libstdc++ of Alpine's, which Debian does not have; with this, those that need little of it run on Debian's. Used by
// scripts/foreign.mjs alone.
#define _GNU_SOURCE
#include <limits.h>
#include <link.h>
#include <locale.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <time.h>

char __libc_single_threaded = 0;
unsigned __cpu_model[4];
int __cpu_indicator_init(void) { return 0; }

unsigned long __getauxval(unsigned long type) { return getauxval(type); }

int __cxa_thread_atexit_impl(void (*end)(void*), void* object, void* library) { return 0; }

size_t __strftime_l(char* text, size_t size, const char* format, const struct tm* time, locale_t locale) {
  return strftime_l(text, size, format, time, locale);
}

uint32_t arc4random(void) {
  uint32_t bits = 0;
  getrandom(&bits, sizeof(bits), 0);
  return bits;
}

struct found {
  unsigned long long flags;
  void* begin;
  void* end;
  struct link_map* library;
  void* frames;
};
struct search {
  uintptr_t address;
  struct found* found;
};

static int look(struct dl_phdr_info* library, size_t size, void* data) {
  struct search* wanted = data;
  const ElfW(Phdr)* frames = NULL;
  uintptr_t begin = UINTPTR_MAX, end = 0;
  int holds = 0;
  for (int i = 0; i < library->dlpi_phnum; ++i) {
    const ElfW(Phdr)* part = &library->dlpi_phdr[i];
    if (part->p_type == PT_GNU_EH_FRAME) frames = part;
    if (part->p_type != PT_LOAD) continue;
    const uintptr_t from = library->dlpi_addr + part->p_vaddr, to = from + part->p_memsz;
    if (from < begin) begin = from;
    if (to > end) end = to;
    holds |= wanted->address >= from && wanted->address < to;
  }
  if (!holds || frames == NULL) return 0;
  *wanted->found = (struct found){0, (void*)begin, (void*)end, NULL, (void*)(library->dlpi_addr + frames->p_vaddr)};
  return 1;
}

int _dl_find_object(void* address, struct found* found) {
  struct search search = {(uintptr_t)address, found};
  return dl_iterate_phdr(look, &search) == 1 ? 0 : -1;
}
