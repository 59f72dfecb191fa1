// Preloaded by threads.test.ts: Thalweg's addon may have FEW_THREADS threads at a time.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

typedef void* (*Run)(void*);
typedef int (*Create)(pthread_t*, const pthread_attr_t*, Run, void*);

struct Start {
  Run run;
  void* argument;
};

static atomic_int alive;

static void ended(void* unused) {
  (void)unused;
  --alive;
}

static void* begin(void* start) {
  const struct Start it = *(struct Start*)start;
  free(start);
  void* result;
  pthread_cleanup_push(ended, NULL);
  result = it.run(it.argument);
  pthread_cleanup_pop(1);
  return result;
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, Run run, void* argument) {
  const Create real = (Create)dlsym(RTLD_NEXT, "pthread_create");
  Dl_info info;
  const int known = dladdr(__builtin_return_address(0), &info) != 0 && info.dli_fname != NULL;
  if (!known || strstr(info.dli_fname, "thalweg.node") == NULL) {
    return real(thread, attributes, run, argument);
  }
  struct Start* const start = malloc(sizeof(struct Start));
  if (++alive > atoi(getenv("FEW_THREADS")) || start == NULL) {
    --alive;
    free(start);
    return EAGAIN;
  }
  *start = (struct Start){run, argument};
  return real(thread, attributes, begin, start);
}
