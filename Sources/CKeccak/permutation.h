// Keccak-f[1600] over any word type with ^, &, ~, << and >>: included once for each type, with
//   WORD     the type: uint64_t, or a vector of as many as there are lanes
//   PERMUTE  the function's name
//   TARGET   the function's attributes
// defined. The state lies in 25 locals and two rounds make a turn, so that no word is moved; the
// compiler finds rotations, and-not and three-input logic by itself.

#define ROTATE(w, places) ((w) << (places) | (w) >> (64 - (places)))

// One row of rho, pi and chi: five words of `a`, each with its column's parity and its rotation,
// become row `y` of `e`.
#define ROW(e, y, a0, r0, a1, r1, a2, r2, a3, r3, a4, r4)  \
  b0 = a0, b1 = a1, b2 = a2, b3 = a3, b4 = a4;             \
  b0 = r0 ? ROTATE(b0, r0 ? r0 : 1) : b0;                  \
  b1 = ROTATE(b1, r1);                                     \
  b2 = ROTATE(b2, r2);                                     \
  b3 = ROTATE(b3, r3);                                     \
  b4 = ROTATE(b4, r4);                                     \
  e##y##0 = b0 ^ (~b1 & b2);                               \
  e##y##1 = b1 ^ (~b2 & b3);                               \
  e##y##2 = b2 ^ (~b3 & b4);                               \
  e##y##3 = b3 ^ (~b4 & b0);                               \
  e##y##4 = b4 ^ (~b0 & b1);

#define ROUND(a, e, constant)                                                              \
  c0 = a##00 ^ a##10 ^ a##20 ^ a##30 ^ a##40;                                              \
  c1 = a##01 ^ a##11 ^ a##21 ^ a##31 ^ a##41;                                              \
  c2 = a##02 ^ a##12 ^ a##22 ^ a##32 ^ a##42;                                              \
  c3 = a##03 ^ a##13 ^ a##23 ^ a##33 ^ a##43;                                              \
  c4 = a##04 ^ a##14 ^ a##24 ^ a##34 ^ a##44;                                              \
  d0 = c4 ^ ROTATE(c1, 1);                                                                 \
  d1 = c0 ^ ROTATE(c2, 1);                                                                 \
  d2 = c1 ^ ROTATE(c3, 1);                                                                 \
  d3 = c2 ^ ROTATE(c4, 1);                                                                 \
  d4 = c3 ^ ROTATE(c0, 1);                                                                 \
  ROW(e, 0, a##00 ^ d0, 0, a##11 ^ d1, 44, a##22 ^ d2, 43, a##33 ^ d3, 21, a##44 ^ d4, 14) \
  ROW(e, 1, a##03 ^ d3, 28, a##14 ^ d4, 20, a##20 ^ d0, 3, a##31 ^ d1, 45, a##42 ^ d2, 61) \
  ROW(e, 2, a##01 ^ d1, 1, a##12 ^ d2, 6, a##23 ^ d3, 25, a##34 ^ d4, 8, a##40 ^ d0, 18)   \
  ROW(e, 3, a##04 ^ d4, 27, a##10 ^ d0, 36, a##21 ^ d1, 10, a##32 ^ d2, 15, a##43 ^ d3, 56) \
  ROW(e, 4, a##02 ^ d2, 62, a##13 ^ d3, 55, a##24 ^ d4, 39, a##30 ^ d0, 41, a##41 ^ d1, 2)  \
  e##00 ^= (constant);

#define EACH(DO)                                                                      \
  DO(00, 0) DO(01, 1) DO(02, 2) DO(03, 3) DO(04, 4) DO(10, 5) DO(11, 6) DO(12, 7)     \
  DO(13, 8) DO(14, 9) DO(20, 10) DO(21, 11) DO(22, 12) DO(23, 13) DO(24, 14)          \
  DO(30, 15) DO(31, 16) DO(32, 17) DO(33, 18) DO(34, 19) DO(40, 20) DO(41, 21)        \
  DO(42, 22) DO(43, 23) DO(44, 24)
#define LOAD(name, index) WORD a##name = state[index];
#define DECLARE(name, index) WORD e##name;
#define STORE(name, index) state[index] = a##name;

TARGET static void PERMUTE(WORD state[25]) {
  EACH(LOAD)
  EACH(DECLARE)
  WORD b0, b1, b2, b3, b4, c0, c1, c2, c3, c4, d0, d1, d2, d3, d4;
  for (int round = 0; round < 24; round += 2) {
    ROUND(a, e, round_constants[round])
    ROUND(e, a, round_constants[round + 1])
  }
  EACH(STORE)
}

#undef ROTATE
#undef ROW
#undef ROUND
#undef EACH
#undef LOAD
#undef DECLARE
#undef STORE
#undef WORD
#undef PERMUTE
#undef TARGET
