#ifndef BTT_CPOSIX_H
#define BTT_CPOSIX_H

#include <sys/types.h>
#include <sys/uio.h>

// System calls that a module map of the C library leaves out. Each returns what the call returns,
// and -1 with errno ENOTSUP where the operating system has no such call.

/// preadv2 with RWF_NOWAIT: only what is in memory already, else EAGAIN.
ssize_t btt_preadv_nowait(int file, const struct iovec *vectors, int count, off_t offset);

/// Gives the first `length` bytes of a file their room on disk; the file grows to that length.
int btt_allocate(int file, off_t length);

/// Gives the room of a range back to the disk; its bytes read as zeros.
int btt_punch_hole(int file, off_t offset, off_t length);

/// Where the next stretch with data begins at or after `offset`; errno ENXIO when there is none.
off_t btt_next_data(int file, off_t offset);

/// Where the data at or after `offset` ends.
off_t btt_next_hole(int file, off_t offset);

/// Copies up to `length` bytes between files, without them passing through the process.
ssize_t btt_copy_range(int from, off_t from_offset, int to, off_t to_offset, size_t length);

/// Renames, and fails with EEXIST rather than replace what is there.
int btt_rename_new(int from, const char *from_name, int to, const char *to_name);

#endif
