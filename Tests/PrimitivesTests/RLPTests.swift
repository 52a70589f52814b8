internal import Foundation
internal import Primitives
internal import TestSupport
internal import Testing

@Suite struct RLPTests {
  // MARK: - Published vectors

  static func vectors(_ path: String) throws -> [(name: String, input: Any, output: String)] {
    let object = try JSONSerialization.jsonObject(with: Vectors.data(path))
    return try #require(object as? [String: [String: Any]]).compactMap { name, test in
      guard let input = test["in"], let output = test["out"] as? String else { return nil }
      return (name, input, output)
    }
  }

  /// A vector's value: a text, a number, `#` and a large number, or a list.
  static func item(_ value: Any) throws -> RLPItem {
    switch value {
    case let text as String where text.hasPrefix("#"):
      return .string(bigEndian(decimal: text.dropFirst()))
    case let text as String: return .string(Array(text.utf8))
    case let number as NSNumber: return .string(UInt256(number.uint64Value).minimalBytes)
    case let list as [Any]: return .list(try list.map(item))
    default: throw CocoaError(.formatting)
    }
  }

  /// Of any size, as one vector is 2^256.
  static func bigEndian(decimal digits: Substring) -> [UInt8] {
    var bytes: [UInt8] = []
    for digit in digits.utf8 {
      var carry = Int(digit) - 0x30
      for index in bytes.indices.reversed() {
        carry += Int(bytes[index]) * 10
        bytes[index] = UInt8(carry & 255)
        carry >>= 8
      }
      if carry > 0 { bytes.insert(UInt8(carry), at: 0) }
    }
    return bytes
  }

  @Test(.enabled(if: Vectors.available("ethereum/RLPTests/rlptest.json"), Vectors.absent))
  func `encodes and decodes the published vectors`() throws {
    let vectors = try Self.vectors("ethereum/RLPTests/rlptest.json")
    #expect(vectors.count >= 28)
    for (name, input, output) in vectors {
      let item = try Self.item(input)
      let bytes = try Hex.decode(output)
      #expect(item.encoded == bytes, "\(name)")
      #expect(try RLPItem(decoding: bytes) == item, "\(name)")
    }
  }

  @Test(.enabled(if: Vectors.available("ethereum/RLPTests/invalidRLPTest.json"), Vectors.absent))
  func `refuses the published invalid vectors`() throws {
    let vectors = try Self.vectors("ethereum/RLPTests/invalidRLPTest.json")
    #expect(vectors.count >= 26)
    for (name, _, output) in vectors {
      let bytes = try Hex.decode(output)
      #expect(throws: RLPError.self, "\(name)") { try RLPItem(decoding: bytes) }
    }
  }

  @Test(.enabled(if: Vectors.available("ethereum/RLPTests/RandomRLPTests"), Vectors.absent))
  func `agrees with the random vectors`() throws {
    for url in Vectors.files(below: "ethereum/RLPTests/RandomRLPTests") {
      let path = "ethereum/RLPTests/RandomRLPTests/" + url.lastPathComponent
      for (name, input, output) in try Self.vectors(path) {
        let bytes = try Hex.decode(output)
        let item = try? RLPItem(decoding: bytes)
        #expect((item != nil) == (input as? String == "VALID"), "\(name)")
        if let item { #expect(item.encoded == bytes, "\(name)") }
      }
    }
  }

  // MARK: - Properties

  static func randomItem(_ random: inout SeededGenerator, depth: Int) -> RLPItem {
    if depth > 0, Bool.random(using: &random) {
      let count = Int.random(in: 0...5, using: &random)
      return .list((0..<count).map { _ in randomItem(&random, depth: depth - 1) })
    }
    let counts = [0, 1, 1, 2, 32, 54, 55, 56, 57, 255, 256, 257]
    return .string(random.bytes(counts.randomElement(using: &random) ?? 0))
  }

  @Test func `reads back what it writes`() throws {
    var random = SeededGenerator()
    for _ in 0..<500 {
      let item = Self.randomItem(&random, depth: 5)
      #expect(try RLPItem(decoding: item.encoded) == item, "seed \(random.seed)")
    }
  }

  @Test func `has one encoding only: what decodes, encodes to the same bytes`() throws {
    var random = SeededGenerator()
    var decoded = 0
    for _ in 0..<5_000 {
      var bytes = Self.randomItem(&random, depth: 3).encoded
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        guard let index = bytes.indices.randomElement(using: &random) else { break }
        bytes[index] = UInt8.random(in: 0...255, using: &random)
      }
      guard let item = try? RLPItem(decoding: bytes) else { continue }
      decoded += 1
      #expect(item.encoded == bytes, "seed \(random.seed)")
    }
    #expect(decoded > 1_000)
  }

  @Test func `refuses every truncation and every addition`() throws {
    var random = SeededGenerator()
    for _ in 0..<50 {
      let bytes = Self.randomItem(&random, depth: 3).encoded
      for count in bytes.indices {
        #expect(throws: RLPError.self, "seed \(random.seed)") {
          try RLPItem(decoding: Array(bytes[..<count]))
        }
      }
      #expect(throws: RLPError.trailingBytes) { try RLPItem(decoding: bytes + [0]) }
    }
  }

  @Test func `refuses lists nested too deep`() throws {
    func nested(_ levels: Int) -> [UInt8] {
      (0..<levels).reduce(into: []) { bytes, _ in
        bytes = RLPEncoder.list { $0.append(encoded: bytes) }
      }
    }
    #expect(try RLPItem(decoding: nested(RLPItem.maximumDepth)).encoded.count > 1_024)
    #expect(throws: RLPError.tooDeep) {
      try RLPItem(decoding: nested(RLPItem.maximumDepth + 2))
    }
  }

  @Test func `refuses lengths beyond the data without allocating for them`() {
    for bytes: [UInt8] in [
      [0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
      [0xbf, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
      [0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ] {
      #expect(throws: RLPError.truncated) { try RLPItem(decoding: bytes) }
    }
  }

  // MARK: - Typed reading and writing

  @Test func `reads the values it wrote, each by its type`() throws {
    let hash = Keccak256.emptyHash
    let address = Address(0xabcdef)
    let large = UInt256(high: 5, low: 6)
    let bytes = RLPEncoder.list { encoder in
      for value: UInt64 in [0, 1, 0x7f, 0x80, 0xff, 0x100, .max] { encoder.append(value) }
      encoder.append(large)
      encoder.append(UInt256.max)
      encoder.append(hash)
      encoder.append(address)
      encoder.list { $0.append(Array("dog".utf8)) }
      encoder.append(encoded: [0xc0])
    }
    var decoder = try RLPDecoder.list(bytes)
    for value: UInt64 in [0, 1, 0x7f, 0x80, 0xff, 0x100, .max] {
      #expect(try decoder.readUInt64() == value)
    }
    #expect(try decoder.readUInt256() == large)
    #expect(try decoder.readUInt256() == .max)
    #expect(try decoder.readHash() == hash)
    #expect(try decoder.readAddress() == address)
    #expect(decoder.isNextList)
    #expect(try Array(decoder.readEncodedItem()) == [0xc4, 0x83] + Array("dog".utf8))
    #expect(try decoder.readList().isAtEnd)
    try decoder.finish()
    #expect(throws: RLPError.truncated) { try decoder.readBytes() }
  }

  @Test func `encodes numbers of every length as their shortest bytes`() throws {
    for places in 0..<256 {
      let value = UInt256.one << places
      var encoder = RLPEncoder()
      encoder.append(value)
      #expect(encoder.bytes == RLPItem.string(value.minimalBytes).encoded)
      var decoder = RLPDecoder(encoder.bytes)
      #expect(try decoder.readUInt256() == value)
    }
  }

  @Test func `refuses values of the wrong type`() {
    func read<T>(
      _ bytes: [UInt8], _ body: (inout RLPDecoder) throws(RLPError) -> T
    ) throws(RLPError) -> T {
      var decoder = RLPDecoder(bytes)
      return try body(&decoder)
    }
    #expect(throws: RLPError.leadingZeros) {
      try read([0x00]) { (d) throws(RLPError) in try d.readUInt64() }
    }
    #expect(throws: RLPError.leadingZeros) {
      try read([0x82, 0x00, 0x01]) { (d) throws(RLPError) in try d.readUInt256() }
    }
    #expect(throws: RLPError.overflow) {
      try read([0x89] + [UInt8](repeating: 1, count: 9)) { (d) throws(RLPError) in
        try d.readUInt64()
      }
    }
    #expect(throws: RLPError.overflow) {
      try read([0xa1] + [UInt8](repeating: 1, count: 33)) { (d) throws(RLPError) in
        try d.readUInt256()
      }
    }
    #expect(throws: RLPError.wrongLength(expected: 32, actual: 1)) {
      try read([0x05]) { (d) throws(RLPError) in try d.readHash() }
    }
    #expect(throws: RLPError.wrongLength(expected: 20, actual: 0)) {
      try read([0x80]) { (d) throws(RLPError) in try d.readAddress() }
    }
    #expect(throws: RLPError.unexpectedKind) {
      try read([0xc0]) { (d) throws(RLPError) in try d.readBytes() }
    }
    #expect(throws: RLPError.unexpectedKind) {
      try read([0x80]) { (d) throws(RLPError) in try d.readList().isAtEnd }
    }
  }
}
