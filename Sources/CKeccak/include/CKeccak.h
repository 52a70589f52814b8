#ifndef BTT_CKECCAK_H
#define BTT_CKECCAK_H

#include <stddef.h>
#include <stdint.h>

/// Keccak-256 (original padding 0x01) of `length` bytes at `input`, which may be NULL when
/// `length` is 0. Writes 32 bytes to `output`.
void btt_keccak256(const void *input, size_t length, void *output);

#endif
