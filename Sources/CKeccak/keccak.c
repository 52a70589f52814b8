#include "CKeccak.h"

#include <string.h>

static const uint64_t round_constants[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

static const uint8_t rotation[24] = {1,  3,  6,  10, 15, 21, 28, 36, 45, 55, 2,  14,
                                     27, 41, 56, 8,  25, 43, 62, 18, 39, 61, 20, 44};
static const uint8_t lane[24] = {10, 7,  11, 17, 18, 3, 5,  16, 8,  21, 24, 4,
                                 15, 23, 19, 13, 12, 2, 20, 14, 22, 9,  6,  1};

static inline uint64_t rotate(uint64_t value, unsigned places) {
  return value << places | value >> (64 - places);
}

static void permute(uint64_t state[25]) {
  for (int round = 0; round < 24; round++) {
    uint64_t column[5];
    for (int x = 0; x < 5; x++)
      column[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20];
    for (int x = 0; x < 5; x++) {
      uint64_t parity = column[(x + 4) % 5] ^ rotate(column[(x + 1) % 5], 1);
      for (int y = 0; y < 25; y += 5) state[x + y] ^= parity;
    }
    uint64_t carried = state[1];
    for (int i = 0; i < 24; i++) {
      uint64_t next = state[lane[i]];
      state[lane[i]] = rotate(carried, rotation[i]);
      carried = next;
    }
    for (int y = 0; y < 25; y += 5) {
      uint64_t row[5];
      memcpy(row, state + y, sizeof row);
      for (int x = 0; x < 5; x++) state[x + y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5]);
    }
    state[0] ^= round_constants[round];
  }
}

enum { rate = 136 };

static void absorb(uint64_t state[25], const uint8_t *block) {
  for (int i = 0; i < rate / 8; i++) {
    uint64_t word;
    memcpy(&word, block + 8 * i, 8);
    state[i] ^= word;
  }
  permute(state);
}

void btt_keccak256(const void *input, size_t length, void *output) {
  uint64_t state[25] = {0};
  const uint8_t *bytes = input;
  for (; length >= rate; length -= rate, bytes += rate) absorb(state, bytes);
  uint8_t last[rate] = {0};
  if (length) memcpy(last, bytes, length);
  last[length] = 0x01;
  last[rate - 1] |= 0x80;
  absorb(state, last);
  memcpy(output, state, 32);
}
