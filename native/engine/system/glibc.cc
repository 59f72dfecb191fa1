// The addon must run with an older glibc than the one it is linked with. glibc has several versions of some
// functions: the addon takes the oldest. This file implements what an old glibc does not have. The linker
// replaces each call of these functions by a call of __wrap_…, also in the compiler's libraries
// (native/sources.json: "--wrap").
#if defined(__linux__)
#include <features.h>
#endif

#if defined(__GLIBC__)

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#if defined(__aarch64__)
#define THALWEG_OLDEST "GLIBC_2.17"
#else
#define THALWEG_OLDEST "GLIBC_2.2.5"
#endif
#define THALWEG_OLD(type, name, parameters, arguments)        \
  __asm__(".symver old_" #name "," #name "@" THALWEG_OLDEST); \
  type old_##name parameters;                                 \
  type __wrap_##name parameters;                              \
  type __wrap_##name parameters { return old_##name arguments; }
#else
#define THALWEG_OLD(type, name, parameters, arguments) \
  type __real_##name parameters;                       \
  type __wrap_##name parameters;                       \
  type __wrap_##name parameters { return __real_##name arguments; }
#endif

extern "C" {

THALWEG_OLD(double, exp, (double x), (x))
THALWEG_OLD(double, exp2, (double x), (x))
THALWEG_OLD(double, log, (double x), (x))
THALWEG_OLD(double, log2, (double x), (x))
THALWEG_OLD(double, pow, (double x, double y), (x, y))
THALWEG_OLD(double, hypot, (double x, double y), (x, y))
THALWEG_OLD(float, hypotf, (float x, float y), (x, y))
THALWEG_OLD(int, pthread_create,
            (pthread_t * thread, const pthread_attr_t* attributes, void* (*run)(void*), void* argument),
            (thread, attributes, run, argument))
THALWEG_OLD(int, pthread_detach, (pthread_t thread), (thread))
THALWEG_OLD(int, pthread_join, (pthread_t thread, void** result), (thread, result))
THALWEG_OLD(int, pthread_once, (pthread_once_t * once, void (*run)()), (once, run))
THALWEG_OLD(int, __pthread_key_create, (pthread_key_t * key, void (*destroy)(void*)), (key, destroy))

// Whether the process has one thread only: atomic instructions may be left out then. It has more.
extern char __libc_single_threaded;
char __libc_single_threaded = 0;

#if __GLIBC_PREREQ(2, 35)

int __wrap__dl_find_object(void* address, dl_find_object* found);

// Finds the library whose code holds an address, and where it says how its frames are unwound. As
// _dl_find_object of glibc 2.35, which GCC's unwinder calls where it was built with that.
int __wrap__dl_find_object(void* address, dl_find_object* found) {
  struct Search {
    uintptr_t address;
    dl_find_object* found;
  } search = {reinterpret_cast<uintptr_t>(address), found};
  const auto look = [](dl_phdr_info* library, size_t, void* data) -> int {
    const Search& wanted = *static_cast<Search*>(data);
    const ElfW(Phdr)* frames = nullptr;
    uintptr_t begin = UINTPTR_MAX;
    uintptr_t end = 0;
    bool holds = false;
    for (int i = 0; i < library->dlpi_phnum; ++i) {
      const ElfW(Phdr)& part = library->dlpi_phdr[i];
      if (part.p_type == PT_GNU_EH_FRAME) frames = &part;
      if (part.p_type != PT_LOAD) continue;
      const uintptr_t from = library->dlpi_addr + part.p_vaddr;
      const uintptr_t to = from + part.p_memsz;
      if (from < begin) begin = from;
      if (to > end) end = to;
      holds = holds || (wanted.address >= from && wanted.address < to);
    }
    if (!holds || frames == nullptr) return 0;
    *wanted.found = {};
    wanted.found->dlfo_map_start = reinterpret_cast<void*>(begin);
    wanted.found->dlfo_map_end = reinterpret_cast<void*>(end);
    wanted.found->dlfo_eh_frame = reinterpret_cast<void*>(library->dlpi_addr + frames->p_vaddr);
    return 1;
  };
  return dl_iterate_phdr(look, &search) == 1 ? 0 : -1;
}

#endif

}  // extern "C"

#endif
