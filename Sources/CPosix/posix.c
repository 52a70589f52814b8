#define _GNU_SOURCE
#include "cposix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#ifdef __linux__

ssize_t btt_preadv_nowait(int file, const struct iovec *vectors, int count, off_t offset) {
  return preadv2(file, vectors, count, offset, RWF_NOWAIT);
}

int btt_allocate(int file, off_t length) { return fallocate(file, 0, 0, length); }

int btt_punch_hole(int file, off_t offset, off_t length) {
  return fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}

off_t btt_next_data(int file, off_t offset) { return lseek(file, offset, SEEK_DATA); }

off_t btt_next_hole(int file, off_t offset) { return lseek(file, offset, SEEK_HOLE); }

ssize_t btt_copy_range(int from, off_t from_offset, int to, off_t to_offset, size_t length) {
  return copy_file_range(from, &from_offset, to, &to_offset, length, 0);
}

int btt_rename_new(int from, const char *from_name, int to, const char *to_name) {
  return renameat2(from, from_name, to, to_name, RENAME_NOREPLACE);
}

#else

static int unsupported(void) {
  errno = ENOTSUP;
  return -1;
}

ssize_t btt_preadv_nowait(int file, const struct iovec *vectors, int count, off_t offset) {
  return unsupported();
}

int btt_allocate(int file, off_t length) { return unsupported(); }

int btt_punch_hole(int file, off_t offset, off_t length) { return unsupported(); }

off_t btt_next_data(int file, off_t offset) { return unsupported(); }

off_t btt_next_hole(int file, off_t offset) { return unsupported(); }

ssize_t btt_copy_range(int from, off_t from_offset, int to, off_t to_offset, size_t length) {
  return unsupported();
}

int btt_rename_new(int from, const char *from_name, int to, const char *to_name) {
  return unsupported();
}

#endif
