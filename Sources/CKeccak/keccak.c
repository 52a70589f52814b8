#include "CKeccak.h"

#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#define BTT_X86 1
#else
#define BTT_X86 0
#endif

static const uint64_t round_constants[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

// Bytes taken in between two permutations: 1600 bits less twice 256.
enum { rate = 136 };

static inline uint64_t load(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  return word;
}

static inline void store(uint8_t *bytes, uint64_t word) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  memcpy(bytes, &word, 8);
}

// The last block: fewer than `rate` bytes and the padding.
static inline void pad(uint8_t block[rate], const uint8_t *bytes, size_t length) {
  memset(block, 0, rate);
  if (length) memcpy(block, bytes, length);
  block[length] = 0x01;
  block[rate - 1] |= 0x80;
}

// MARK: one input

#define WORD uint64_t
#define PERMUTE permute
#define TARGET
#include "permutation.h"

#if BTT_X86
#define WORD uint64_t
#define PERMUTE permute_bmi
#define TARGET __attribute__((target("bmi,bmi2")))
#include "permutation.h"
#endif

typedef void permutation(uint64_t state[25]);

static permutation *best_permutation(void) {
#if BTT_X86
  if (__builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2")) return permute_bmi;
#endif
  return permute;
}

static inline void absorb(uint64_t state[25], const uint8_t *block) {
  for (int i = 0; i < rate / 8; i++) state[i] ^= load(block + 8 * i);
}

void btt_keccak256(const void *input, size_t length, void *output) {
  permutation *const permute = best_permutation();
  uint64_t state[25] = {0};
  const uint8_t *bytes = input;
  for (; length >= rate; length -= rate, bytes += rate) {
    absorb(state, bytes);
    permute(state);
  }
  uint8_t last[rate];
  pad(last, bytes, length);
  absorb(state, last);
  permute(state);
  for (int i = 0; i < 4; i++) store((uint8_t *)output + 8 * i, state[i]);
}

// MARK: many inputs

#if BTT_X86
typedef uint64_t words4 __attribute__((vector_size(32)));
typedef uint64_t words8 __attribute__((vector_size(64)));

#define WORD words4
#define PERMUTE permute4
#define TARGET __attribute__((target("avx2")))
#include "permutation.h"
#define LANES 4
#define PERMUTE permute4
#define HASH hash4
#define TARGET __attribute__((target("avx2")))
#include "sponge.h"

#define WORD words8
#define PERMUTE permute8
#define TARGET __attribute__((target("avx512f")))
#include "permutation.h"
#define LANES 8
#define PERMUTE permute8
#define HASH hash8
#define TARGET __attribute__((target("avx512f")))
#include "sponge.h"
#endif

unsigned btt_keccak_lanes(void) {
#if BTT_X86
  if (__builtin_cpu_supports("avx512f")) return 8;
  if (__builtin_cpu_supports("avx2")) return 4;
#endif
  return 1;
}

void btt_keccak256_many_lanes(const uint8_t *data, const size_t *offsets, size_t count,
                              void *output, unsigned lanes) {
#if BTT_X86
  // Even two inputs gain from the vectors: a permutation of them costs about one scalar one.
  unsigned available = btt_keccak_lanes();
  if (count > 1 && lanes >= 8 && available >= 8) return hash8(data, offsets, count, output);
  if (count > 1 && lanes >= 4 && available >= 4) return hash4(data, offsets, count, output);
#else
  (void)lanes;
#endif
  for (size_t i = 0; i < count; i++)
    btt_keccak256(data + offsets[i], offsets[i + 1] - offsets[i], (uint8_t *)output + 32 * i);
}

void btt_keccak256_many(const uint8_t *data, const size_t *offsets, size_t count, void *output) {
  btt_keccak256_many_lanes(data, offsets, count, output, btt_keccak_lanes());
}
