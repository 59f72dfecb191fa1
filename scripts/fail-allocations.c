// Preloaded into Node by fail-allocations.mjs. Makes the n-th allocation of the addon fail, or all from the n-th on.
// Creating a thread counts as an allocation. Both processes map the same file, which holds the Control struct.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

extern void* __libc_malloc(size_t);
extern void* __libc_calloc(size_t, size_t);
extern void* __libc_realloc(void*, size_t);
extern void* __libc_memalign(size_t, size_t);

struct Control {
  _Atomic int64_t counts;   // whether allocations are counted
  _Atomic int64_t fail_at;  // the number of the one that fails; 0 for none
  _Atomic int64_t goes_on;  // whether those after it fail too
  _Atomic int64_t counted;
};

static struct Control* control;
static _Atomic uintptr_t addon_begin, addon_end;

__attribute__((constructor)) static void open_control(void) {
  const char* path = getenv("FAIL_ALLOCATIONS");
  const int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  void* mapped = mmap(NULL, sizeof(struct Control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) control = mapped;
}

static int find_addon(struct dl_phdr_info* info, size_t size, void* unused) {
  (void)size;
  (void)unused;
  const size_t length = strlen(info->dlpi_name);
  if (length < 12 || strcmp(info->dlpi_name + length - 12, "thalweg.node") != 0) return 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)* part = &info->dlpi_phdr[i];
    if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0) continue;
    addon_end = info->dlpi_addr + part->p_vaddr + part->p_memsz;
    addon_begin = info->dlpi_addr + part->p_vaddr;
  }
  return 1;
}

static int fails(const void* caller) {
  if (control == NULL || control->counts == 0) return 0;
  if (addon_begin == 0) dl_iterate_phdr(find_addon, NULL);
  const uintptr_t at = (uintptr_t)caller;
  if (addon_begin == 0 || at < addon_begin || at >= addon_end) return 0;
  const int64_t number = atomic_fetch_add(&control->counted, 1) + 1;
  const int64_t fail_at = control->fail_at;
  return fail_at != 0 && (number == fail_at || (number > fail_at && control->goes_on != 0));
}

#define FAILS fails(__builtin_return_address(0))

void* malloc(size_t size) {
  if (!FAILS) return __libc_malloc(size);
  errno = ENOMEM;
  return NULL;
}

void* calloc(size_t count, size_t size) {
  if (!FAILS) return __libc_calloc(count, size);
  errno = ENOMEM;
  return NULL;
}

void* realloc(void* memory, size_t size) {
  if (!FAILS) return __libc_realloc(memory, size);
  errno = ENOMEM;
  return NULL;
}

void* aligned_alloc(size_t alignment, size_t size) {
  if (!FAILS) return __libc_memalign(alignment, size);
  errno = ENOMEM;
  return NULL;
}

int posix_memalign(void** memory, size_t alignment, size_t size) {
  if (FAILS) return ENOMEM;
  void* made = __libc_memalign(alignment, size);
  if (made == NULL) return ENOMEM;
  *memory = made;
  return 0;
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* argument) {
  typedef int (*Create)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static _Atomic(Create) real;
  if (real == NULL) real = (Create)dlsym(RTLD_NEXT, "pthread_create");
  return FAILS ? EAGAIN : real(thread, attributes, run, argument);
}
