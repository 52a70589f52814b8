internal import Primitives
internal import TestSupport
internal import Testing

@Suite struct Hash256Tests {
  @Test func `holds exactly 32 bytes`() throws {
    let bytes = (0..<32).map { UInt8($0) }
    let hash = try #require(Hash256(bytes))
    #expect(hash.bytes == bytes)
    #expect(hash.withUnsafeBytes { Array($0) } == bytes)
    #expect(hash.hex == "0x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
    #expect(hash.description == hash.hex)
    #expect(try Hash256(hex: hash.hex) == hash)
    #expect(Hash256(bytes.dropLast()) == nil)
    #expect(Hash256(bytes + [0]) == nil)
    #expect(throws: HexError.wrongLength(expected: 32, actual: 31)) {
      try Hash256(hex: hash.hex.dropLast(2))
    }
  }

  @Test func `knows whether it is zero`() throws {
    #expect(Hash256.zero.isZero)
    for index in 0..<32 {
      var bytes = [UInt8](repeating: 0, count: 32)
      bytes[index] = 1
      #expect(Hash256(bytes)?.isZero == false)
    }
  }

  @Test func `orders like its bytes`() {
    var random = SeededGenerator()
    for _ in 0..<500 {
      let left = random.bytes(32)
      var right = left
      right[Int.random(in: 0..<32, using: &random)] = UInt8.random(in: 0...255, using: &random)
      guard let first = Hash256(left), let second = Hash256(right) else { continue }
      #expect(
        (first < second) == left.lexicographicallyPrecedes(right), "seed \(random.seed)")
    }
  }
}
