#define _GNU_SOURCE
#include "CReference.h"

#include <sched.h>

static cpu_set_t all;

int cores_note(void) {
  if (sched_getaffinity(0, sizeof all, &all)) return -1;
  for (int core = 0; core < CPU_SETSIZE; core++) {
    if (CPU_ISSET(core, &all)) return core;
  }
  return -1;
}

int cores_pin(int thread, int core) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(core, &one);
  return sched_setaffinity(thread, sizeof one, &one);
}

int cores_free(int thread) { return sched_setaffinity(thread, sizeof all, &all); }
