#ifndef BTT_CKECCAK_H
#define BTT_CKECCAK_H

#include <stddef.h>
#include <stdint.h>

/// Keccak-256 (original padding 0x01) of `length` bytes at `input`, which may be NULL when
/// `length` is 0. Writes 32 bytes to `output`.
void btt_keccak256(const void *input, size_t length, void *output);

/// Keccak-256 of `count` inputs, of which input i is data[offsets[i]] to data[offsets[i + 1]]
/// (excluded). Writes 32 bytes an input to `output`. Several inputs go through the permutation
/// at once where the processor has the registers for it.
void btt_keccak256_many(const uint8_t *data, const size_t *offsets, size_t count, void *output);

/// How many inputs `btt_keccak256_many` permutes at once on this processor: 8, 4 or 1.
unsigned btt_keccak_lanes(void);

/// `btt_keccak256_many` with a given number of lanes, for tests and measurements: 8 and 4 fall
/// back to 1 where the processor lacks the instructions.
void btt_keccak256_many_lanes(const uint8_t *data, const size_t *offsets, size_t count,
                              void *output, unsigned lanes);

#endif
