internal import Primitives
internal import TestSupport
internal import Testing

@Suite struct HexTests {
  @Test func `writes lower-case digits`() {
    #expect(Hex.encode([]) == "0x")
    #expect(Hex.encode([], prefix: false) == "")
    #expect(Hex.encode([0x00, 0x0f, 0xa0, 0xff]) == "0x000fa0ff")
    #expect(Hex.encode([0xde, 0xad], prefix: false) == "dead")
  }

  @Test func `reads digits of either case, with or without prefix`() throws {
    #expect(try Hex.decode("0xDeadBEEF") == [0xde, 0xad, 0xbe, 0xef])
    #expect(try Hex.decode("0Xdead") == [0xde, 0xad])
    #expect(try Hex.decode("dead") == [0xde, 0xad])
    #expect(try Hex.decode("") == [])
    #expect(try Hex.decode("0x", requirePrefix: true) == [])
  }

  @Test func `refuses what is not hex`() {
    #expect(throws: HexError.oddLength) { try Hex.decode("0x123") }
    #expect(throws: HexError.invalidDigit) { try Hex.decode("0x0g") }
    #expect(throws: HexError.invalidDigit) { try Hex.decode("0x0x0x") }
    #expect(throws: HexError.invalidDigit) { try Hex.decode("0xé") }
    #expect(throws: HexError.missingPrefix) { try Hex.decode("12", requirePrefix: true) }
    #expect(throws: HexError.missingPrefix) { try Hex.decode("", requirePrefix: true) }
    #expect(throws: HexError.wrongLength(expected: 3, actual: 2)) {
      try Hex.decode("0x1234", count: 3)
    }
  }

  @Test func `reads back every byte string it writes`() throws {
    var random = SeededGenerator()
    for count in 0..<300 {
      let bytes = random.bytes(count)
      #expect(try Hex.decode(Hex.encode(bytes)) == bytes, "seed \(random.seed)")
    }
  }

  /// The examples of the Ethereum JSON-RPC documentation, and the ends of the ranges.
  @Test(arguments: [
    ("0x41", 65), ("0x400", 1_024), ("0x0", 0), ("0xffffffffffffffff", UInt64.max),
  ])
  func `reads and writes quantities`(_ text: String, _ value: UInt64) throws {
    #expect(try Hex.decodeQuantity64(text) == value)
    #expect(try Hex.decodeQuantity(text) == UInt256(value))
    #expect(Hex.quantity(value) == text)
    #expect(Hex.quantity(UInt256(value)) == text)
  }

  @Test func `writes large quantities without gaps`() throws {
    #expect(
      Hex.quantity(UInt256(high: 1, low: 1)) == "0x1" + String(repeating: "0", count: 31) + "1")
    #expect(Hex.quantity(UInt256.max) == "0x" + String(repeating: "f", count: 64))
    #expect(try Hex.decodeQuantity(Hex.quantity(UInt256.max)) == .max)
  }

  @Test(arguments: [
    ("0x", HexError.notCanonical), ("0x0400", .notCanonical), ("0x00", .notCanonical),
    ("ff", .missingPrefix), ("", .missingPrefix), ("0Xff", .missingPrefix),
    ("0xfg", .invalidDigit), ("0x-1", .invalidDigit),
    ("0x1" + String(repeating: "0", count: 64), .overflow),
  ])
  func `refuses quantities that are not canonical`(_ text: String, _ error: HexError) {
    #expect(throws: error) { try Hex.decodeQuantity(text) }
  }

  @Test func `refuses quantities beyond 64 bits where these are wanted`() {
    #expect(throws: HexError.overflow) { try Hex.decodeQuantity64("0x10000000000000000") }
  }
}
