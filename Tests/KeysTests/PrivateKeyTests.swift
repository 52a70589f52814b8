internal import Keys
internal import Primitives
internal import Testing

@Suite struct PrivateKeyTests {
  @Test func `takes the numbers from 1 to the order less 1`() throws {
    let order = SignatureTests.order
    _ = try PrivateKey(bytes: UInt256.one.word.bytes)
    _ = try PrivateKey(bytes: (order &- 1).word.bytes)
    for number in [UInt256.zero, order, order &+ 1, .max] {
      #expect(throws: KeyError.privateKeyOutOfRange) { try PrivateKey(bytes: number.word.bytes) }
    }
  }

  @Test func `refuses other lengths and other digits`() {
    #expect(throws: KeyError.wrongPrivateKeyLength(31)) {
      try PrivateKey(bytes: [UInt8](repeating: 1, count: 31))
    }
    #expect(throws: KeyError.wrongPrivateKeyLength(33)) {
      try PrivateKey(bytes: [UInt8](repeating: 1, count: 33))
    }
    #expect(throws: KeyError.notHex(.invalidDigit)) { try PrivateKey(hex: "0xzz") }
  }

  @Test func `shows its address and never its secret`() throws {
    let digits = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
    let key = try PrivateKey(hex: digits)
    var dumped = ""
    dump(key, to: &dumped)
    for text in ["\(key)", String(reflecting: key), dumped] {
      #expect(text.contains("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"))
      #expect(!text.contains("ac0974be") && !text.contains("172, 9"))
    }
    #expect(key.withUnsafeBytes { Hex.encode($0, prefix: false) } == digits)
  }

  @Test func `generates another key each time`() {
    #expect(Set((0..<32).map { _ in PrivateKey.generate().address }).count == 32)
  }
}
