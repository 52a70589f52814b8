internal import Primitives
internal import TestSupport
internal import Testing

@Suite struct AddressTests {
  /// The examples of EIP-55.
  static let checksummed = [
    "0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
    "0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
  ]

  @Test(arguments: checksummed)
  func `writes and accepts the checksums of EIP-55`(_ text: String) throws {
    let address = try Address(hex: text)
    #expect(address.checksummed == text)
    #expect(address.description == text)
    #expect(address.hex == text.lowercased())
    #expect(try Address(checksummed: text) == address)
    #expect(try Address(checksummed: text.dropFirst(2)) == address)
    #expect(try Address(checksummed: text.lowercased()) == address)
    #expect(try Address(checksummed: "0x" + text.dropFirst(2).uppercased()) == address)
  }

  @Test func `refuses mixed case with a wrong checksum, and says what it would be`() {
    let right = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    #expect(throws: AddressError.checksumMismatch(expected: right)) {
      try Address(checksummed: "0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed")
    }
  }

  @Test func `refuses other lengths`() {
    #expect(throws: AddressError.notAnAddress(.wrongLength(expected: 20, actual: 19))) {
      try Address(checksummed: "0x" + String(repeating: "00", count: 19))
    }
    #expect(throws: HexError.wrongLength(expected: 20, actual: 21)) {
      try Address(hex: String(repeating: "00", count: 21))
    }
    #expect(Address([UInt8](repeating: 0, count: 19)) == nil)
    #expect(Address([UInt8](repeating: 0, count: 21)) == nil)
  }

  @Test func `is the end of a hash, or a small number`() throws {
    let hash = try #require(Hash256((0..<32).map { UInt8($0) }))
    #expect(Address(truncating: hash).bytes == (12..<32).map { UInt8($0) })
    #expect(Address(0x1010).hex == "0x0000000000000000000000000000000000001010")
    #expect(Address(0) == .zero)
  }

  @Test func `orders like its bytes`() {
    var random = SeededGenerator()
    for _ in 0..<500 {
      let left = random.bytes(20)
      var right = left
      right[Int.random(in: 0..<20, using: &random)] = UInt8.random(in: 0...255, using: &random)
      guard let first = Address(left), let second = Address(right) else { continue }
      #expect(
        (first < second) == left.lexicographicallyPrecedes(right), "seed \(random.seed)")
    }
  }

  @Test func `exposes its bytes in place`() throws {
    let bytes = (1...20).map { UInt8($0) }
    let address = try #require(Address(bytes))
    #expect(address.withUnsafeBytes { Array($0) } == bytes)
    #expect(Keccak256.hash(address) == Keccak256.hash(bytes))
  }
}
