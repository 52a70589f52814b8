/// RIPEMD-160, which BIP-32 takes for fingerprints and swift-crypto does not have.
enum RIPEMD160 {
  /// The 20-byte hash of `bytes`.
  static func hash(_ bytes: [UInt8]) -> [UInt8] {
    var state: [UInt32] = [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
    var padded = bytes + [0x80]
    padded += [UInt8](repeating: 0, count: (120 - padded.count % 64) % 64)
    let bits = UInt64(bytes.count) << 3
    padded += (0..<8).map { UInt8(truncatingIfNeeded: bits >> ($0 * 8)) }
    for start in stride(from: 0, to: padded.count, by: 64) {
      let words = (0..<16).map { word in
        (0..<4).reduce(UInt32(0)) { $0 | UInt32(padded[start + word * 4 + $1]) << ($1 * 8) }
      }
      compress(words, into: &state)
    }
    return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } }
  }

  private static func compress(_ words: [UInt32], into state: inout [UInt32]) {
    var left = state
    var right = state
    for step in 0..<80 {
      let round = step / 16
      turn(
        &left, round: round, word: words[leftOrder[step]], constant: leftConstants[round],
        shift: leftShifts[step])
      turn(
        &right, round: 4 - round, word: words[rightOrder[step]], constant: rightConstants[round],
        shift: rightShifts[step])
    }
    state = [
      state[1] &+ left[2] &+ right[3], state[2] &+ left[3] &+ right[4],
      state[3] &+ left[4] &+ right[0], state[4] &+ left[0] &+ right[1],
      state[0] &+ left[1] &+ right[2],
    ]
  }

  private static func turn(
    _ line: inout [UInt32], round: Int, word: UInt32, constant: UInt32, shift: UInt32
  ) {
    let (b, c, d) = (line[1], line[2], line[3])
    let mixed: UInt32 =
      switch round {
      case 0: b ^ c ^ d
      case 1: (b & c) | (~b & d)
      case 2: (b | ~c) ^ d
      case 3: (b & d) | (c & ~d)
      default: b ^ (c | ~d)
      }
    let sum = rotate(line[0] &+ mixed &+ word &+ constant, shift) &+ line[4]
    line = [line[4], sum, b, rotate(c, 10), d]
  }

  private static func rotate(_ value: UInt32, _ places: UInt32) -> UInt32 {
    value << places | value >> (32 - places)
  }

  private static let leftConstants: [UInt32] = [
    0, 0x5A82_7999, 0x6ED9_EBA1, 0x8F1B_BCDC, 0xA953_FD4E,
  ]
  private static let rightConstants: [UInt32] = [
    0x50A2_8BE6, 0x5C4D_D124, 0x6D70_3EF3, 0x7A6D_76E9, 0,
  ]
  private static let leftOrder: [Int] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
    7, 4, 13, 1, 10, 6, 15, 3, 12, 0, 9, 5, 2, 14, 11, 8,
    3, 10, 14, 4, 9, 15, 8, 1, 2, 7, 0, 6, 13, 11, 5, 12,
    1, 9, 11, 10, 0, 8, 12, 4, 13, 3, 7, 15, 14, 5, 6, 2,
    4, 0, 5, 9, 7, 12, 2, 10, 14, 1, 3, 8, 11, 6, 15, 13,
  ]
  private static let rightOrder: [Int] = [
    5, 14, 7, 0, 9, 2, 11, 4, 13, 6, 15, 8, 1, 10, 3, 12,
    6, 11, 3, 7, 0, 13, 5, 10, 14, 15, 8, 12, 4, 9, 1, 2,
    15, 5, 1, 3, 7, 14, 6, 9, 11, 8, 12, 2, 10, 0, 4, 13,
    8, 6, 4, 1, 3, 11, 15, 0, 5, 12, 2, 13, 9, 7, 10, 14,
    12, 15, 10, 4, 1, 5, 8, 7, 6, 2, 13, 14, 0, 3, 9, 11,
  ]
  private static let leftShifts: [UInt32] = [
    11, 14, 15, 12, 5, 8, 7, 9, 11, 13, 14, 15, 6, 7, 9, 8,
    7, 6, 8, 13, 11, 9, 7, 15, 7, 12, 15, 9, 11, 7, 13, 12,
    11, 13, 6, 7, 14, 9, 13, 15, 14, 8, 13, 6, 5, 12, 7, 5,
    11, 12, 14, 15, 14, 15, 9, 8, 9, 14, 5, 6, 8, 6, 5, 12,
    9, 15, 5, 11, 6, 8, 13, 12, 5, 12, 13, 14, 11, 8, 5, 6,
  ]
  private static let rightShifts: [UInt32] = [
    8, 9, 9, 11, 13, 15, 15, 5, 7, 7, 8, 11, 14, 14, 12, 6,
    9, 13, 15, 7, 12, 8, 9, 11, 7, 7, 12, 7, 6, 15, 13, 11,
    9, 7, 15, 11, 8, 6, 6, 14, 12, 13, 5, 14, 13, 13, 7, 5,
    15, 5, 8, 11, 14, 14, 6, 14, 6, 9, 12, 9, 12, 5, 15, 8,
    8, 5, 12, 9, 12, 5, 14, 6, 8, 13, 6, 5, 15, 13, 11, 11,
  ]
}
