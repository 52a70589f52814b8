// Keccak-256 of many inputs in LANES lanes: included once for each number of lanes, with
//   LANES    the number of inputs permuted at once
//   PERMUTE  the permutation over vectors of that many words
//   HASH     the function's name
//   TARGET   the function's attributes
// defined. A lane that has finished its input takes the next one, so that inputs of different
// lengths keep every lane busy until the last few.

TARGET static void HASH(const uint8_t *data, const size_t *offsets, size_t count, uint8_t *output) {
  typedef uint64_t vector __attribute__((vector_size(8 * LANES)));
  union {
    vector vectors[25];
    uint64_t words[25][LANES];
  } state;
  const uint8_t *next[LANES];
  size_t left[LANES], input[LANES], taken = 0;
  unsigned busy = 0;
  bool fresh[LANES] = {false};
  memset(&state, 0, sizeof state);
  for (unsigned lane = 0; lane < LANES; lane++) {
    input[lane] = count;
    if (taken == count) continue;
    next[lane] = data + offsets[taken];
    left[lane] = offsets[taken + 1] - offsets[taken];
    input[lane] = taken++;
    busy++;
  }
  while (busy) {
    bool last[LANES];
    for (unsigned lane = 0; lane < LANES; lane++) {
      last[lane] = false;
      if (input[lane] == count) continue;
      uint8_t padded[rate];
      const uint8_t *block = next[lane];
      if (left[lane] < rate) {
        pad(padded, block, left[lane]);
        block = padded;
        last[lane] = true;
      } else {
        next[lane] += rate;
        left[lane] -= rate;
      }
      // An input's first block is written over what the one before it has left.
      if (fresh[lane]) {
        for (int i = 0; i < rate / 8; i++) state.words[i][lane] = load(block + 8 * i);
        for (int i = rate / 8; i < 25; i++) state.words[i][lane] = 0;
        fresh[lane] = false;
      } else {
        for (int i = 0; i < rate / 8; i++) state.words[i][lane] ^= load(block + 8 * i);
      }
    }
    PERMUTE(state.vectors);
    for (unsigned lane = 0; lane < LANES; lane++) {
      if (!last[lane]) continue;
      for (int i = 0; i < 4; i++) store(output + 32 * input[lane] + 8 * i, state.words[i][lane]);
      if (taken == count) {
        input[lane] = count;
        busy--;
        continue;
      }
      fresh[lane] = true;
      next[lane] = data + offsets[taken];
      left[lane] = offsets[taken + 1] - offsets[taken];
      input[lane] = taken++;
    }
  }
}

#undef LANES
#undef PERMUTE
#undef HASH
#undef TARGET
