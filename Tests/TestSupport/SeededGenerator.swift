internal import Foundation

/// A reproducible source of random numbers (xoshiro256**, seeded through SplitMix64).
///
/// Property tests print `seed` when they fail, and take it again from the environment variable
/// `BTT_SEED`:
///
///     var random = SeededGenerator()
///     #expect(left + right == right + left, "seed \(random.seed)")
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  /// What the sequence was started from.
  public let seed: UInt64
  private var state: (UInt64, UInt64, UInt64, UInt64)

  /// A generator with a given seed.
  public init(seed: UInt64) {
    self.seed = seed
    var mix = seed
    func next() -> UInt64 {
      mix &+= 0x9e37_79b9_7f4a_7c15
      var word = mix
      word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
      word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
      return word ^ (word >> 31)
    }
    state = (next(), next(), next(), next())
  }

  /// A generator with the seed in `BTT_SEED`, or with a new one, which is printed.
  public init(function: String = #function) {
    let given = ProcessInfo.processInfo.environment["BTT_SEED"].flatMap { UInt64($0) }
    let seed = given ?? UInt64.random(in: 0...(.max))
    print("\(function): BTT_SEED=\(seed)")
    self.init(seed: seed)
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    func rotate(_ word: UInt64, _ places: UInt64) -> UInt64 {
      word << places | word >> (64 - places)
    }
    let result = rotate(state.1 &* 5, 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = rotate(state.3, 45)
    return result
  }

  /// As many random bytes.
  public mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next() >> 32) }
  }
}
