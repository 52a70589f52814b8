internal import Foundation
internal import Primitives
internal import TestSupport
internal import Testing

@Suite struct ABITests {
  struct Case: CustomStringConvertible, Sendable {
    var types: [ABIType]
    var values: [ABIValue]
    var result: [UInt8]
    var description: String { types.description }
  }

  // MARK: - Vectors

  /// A value in JSON: numbers may be decimal texts, bytes are hex or, in the published vectors,
  /// plain text.
  static func value(_ json: Any, _ type: ABIType) throws -> ABIValue {
    switch (type, json) {
    case (.uint, _), (.int, _):
      let text = (json as? String) ?? String(describing: json)
      let magnitude = try #require(UInt256(decimal: text.drop { $0 == "-" }))
      if case .uint = type { return .uint(magnitude) }
      return .int(text.hasPrefix("-") ? .zero &- magnitude : magnitude)
    case (.bool, let value as Bool): return .bool(value)
    case (.address, let text as String): return .address(try Address(hex: text))
    case (.fixedBytes, let text as String): return .fixedBytes(try bytes(text))
    case (.bytes, let text as String): return .bytes(try bytes(text))
    case (.string, let text as String): return .string(text)
    case (.array(let element), let list as [Any]), (.fixedArray(let element, _), let list as [Any]):
      return .array(try list.map { try value($0, element) })
    case (.tuple(let members), let list as [Any]):
      try #require(members.count == list.count)
      return .tuple(try zip(list, members).map { try value($0, $1) })
    default: throw ABIError.typeMismatch(expected: type.description)
    }
  }

  static func bytes(_ text: String) throws -> [UInt8] {
    text.hasPrefix("0x") ? try Hex.decode(text) : Array(text.utf8)
  }

  static func pythonCases() throws -> [Case] {
    let json = try JSONSerialization.jsonObject(with: Data(abiCases.utf8))
    return try #require(json as? [[String: Any]]).map { test in
      let text = try #require(test["types"] as? String)
      let list = try #require(test["values"] as? [Any])
      guard case .tuple(let types) = try ABIType(parsing: text) else {
        throw ABIError.typeMismatch(expected: "tuple")
      }
      return Case(
        types: types, values: try zip(list, types).map { try value($0, $1) },
        result: try Hex.decode(try #require(test["result"] as? String)))
    }
  }

  @Test func `encodes and decodes as Python's eth-abi does`() throws {
    let cases = try Self.pythonCases()
    #expect(cases.count == 32)
    for test in cases {
      #expect(try ABI.encode(test.values, as: test.types) == test.result, "\(test)")
      #expect(try ABI.decode(test.types, from: test.result) == test.values, "\(test)")
    }
  }

  @Test(
    .enabled(if: Vectors.available("ethereum/ABITests/basic_abi_tests.json"), Vectors.absent))
  func `encodes and decodes the published vectors`() throws {
    let json = try JSONSerialization.jsonObject(
      with: Vectors.data("ethereum/ABITests/basic_abi_tests.json"))
    let tests = try #require(json as? [String: [String: Any]])
    #expect(tests.count >= 3)
    for (name, test) in tests {
      let types = try #require(test["types"] as? [String]).map { try ABIType(parsing: $0) }
      let arguments = try #require(test["args"] as? [Any])
      let values = try zip(arguments, types).map { try Self.value($0, $1) }
      let result = try Hex.decode(try #require(test["result"] as? String))
      #expect(try ABI.encode(values, as: types) == result, "\(name)")
      #expect(try ABI.decode(types, from: result) == values, "\(name)")
    }
  }

  // MARK: - Strictness

  static func words(_ words: UInt256...) -> [UInt8] { words.flatMap { $0.word.bytes } }

  @Test(arguments: [
    ("uint8", UInt256(256)), ("uint64", UInt256(high: 0, low: 1 << 64)), ("bool", 2),
    ("address", UInt256(high: 1 << 32, low: 0)), ("int8", 128), ("int8", .max &- 128),
    ("int128", UInt256(high: 0, low: 1 << 127)), ("bytes4", 1), ("bytes31", 1),
  ])
  func `refuses words outside their type's range`(_ text: String, _ word: UInt256) throws {
    let type = try ABIType(parsing: text)
    #expect(throws: ABIError.outOfRange(type: text)) {
      try ABI.decode([type], from: word.word.bytes)
    }
  }

  @Test func `takes words at the ends of their type's range`() throws {
    let cases: [(String, UInt256, ABIValue)] = [
      ("int8", 127, .signed(127)), ("int8", .max &- 127, .signed(-128)),
      ("int256", .max, .signed(-1)), ("int64", UInt256.zero &- (.one << 63), .signed(.min)),
      ("uint8", 255, .uint(255)), ("bool", 1, .bool(true)),
    ]
    for (text, word, value) in cases {
      let type = try ABIType(parsing: text)
      #expect(try ABI.decode([type], from: word.word.bytes) == [value], "\(text)")
      #expect(try ABI.encode([value], as: [type]) == word.word.bytes, "\(text)")
    }
  }

  @Test func `refuses offsets and lengths beyond the data`() throws {
    let bytes = ABIType.bytes
    #expect(throws: ABIError.truncated) { try ABI.decode([bytes], from: []) }
    #expect(throws: ABIError.offsetOutOfBounds) {
      try ABI.decode([bytes], from: Self.words(33))
    }
    #expect(throws: ABIError.offsetOutOfBounds) {
      try ABI.decode([bytes], from: Self.words(.max))
    }
    #expect(throws: ABIError.truncated) { try ABI.decode([bytes], from: Self.words(32)) }
    #expect(throws: ABIError.truncated) { try ABI.decode([bytes], from: Self.words(32, 1)) }
    #expect(throws: ABIError.tooLarge) { try ABI.decode([bytes], from: Self.words(32, .max)) }
    let array = ABIType.array(.uint256)
    #expect(throws: ABIError.truncated) {
      try ABI.decode([array], from: Self.words(32, UInt256(UInt64(Int.max))))
    }
    #expect(throws: ABIError.truncated) { try ABI.decode([array], from: Self.words(32, 2, 0)) }
    #expect(throws: ABIError.truncated) {
      try ABI.decode([.fixedArray(.uint256, .max)], from: Self.words(1, 2, 3))
    }
  }

  @Test func `takes bytes without padding, and trailing data, as contracts do`() throws {
    let unpadded = Self.words(32, 3) + [1, 2, 3]
    #expect(try ABI.decode([.bytes], from: unpadded) == [.bytes([1, 2, 3])])
    #expect(try ABI.decode([.bool], from: Self.words(1, 99)) == [.bool(true)])
  }

  @Test func `refuses strings that are not UTF-8`() throws {
    let data = try ABI.encode([.bytes([0xff, 0xfe])], as: [.bytes])
    #expect(throws: ABIError.invalidUTF8) { try ABI.decode([.string], from: data) }
  }

  @Test func `reads shared data a few times, not without bound`() throws {
    let pair = [ABIType.bytes, .bytes]
    let shared = Self.words(64, 64, 0)
    #expect(try ABI.decode(pair, from: shared) == [.bytes([]), .bytes([])])

    // Ten levels of arrays, each of ten offsets to the one next level: 10^10 values.
    var type = ABIType.array(.uint256)
    for _ in 0..<9 { type = .array(type) }
    var data = Self.words(32)
    for level in 0..<10 {
      data += UInt256(10).word.bytes
      for _ in 0..<10 {
        data += (level < 9 ? UInt256(320) : UInt256(7)).word.bytes
      }
    }
    #expect(throws: ABIError.tooLarge) { try ABI.decode([type], from: data) }
  }

  @Test func `refuses many elements that take up no room`() throws {
    let type = ABIType.array(.array(.tuple([])))
    var data = Self.words(32, 100)
    for _ in 0..<100 { data += Self.words(3_200) }
    data += Self.words(3_000) + [UInt8](repeating: 0, count: 3_000)
    #expect(throws: ABIError.tooLarge) { try ABI.decode([type], from: data) }
  }

  @Test func `decodes what it encodes, however often the data are damaged`() throws {
    var random = SeededGenerator()
    for test in try Self.pythonCases() {
      for _ in 0..<100 {
        var data = test.result
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          guard let index = data.indices.randomElement(using: &random) else { break }
          data[index] = UInt8.random(in: 0...255, using: &random)
        }
        if Bool.random(using: &random) { data.removeLast(data.count / 3) }
        guard let values = try? ABI.decode(test.types, from: data) else { continue }
        let encoded = try ABI.encode(values, as: test.types)
        #expect(try ABI.decode(test.types, from: encoded) == values, "seed \(random.seed)")
      }
    }
  }

  @Test func `refuses values of another type`() {
    #expect(throws: ABIError.typeMismatch(expected: "uint256")) {
      try ABI.encode([.bool(true)], as: [.uint256])
    }
    #expect(throws: ABIError.typeMismatch(expected: "bytes4")) {
      try ABI.encode([.fixedBytes([1, 2, 3])], as: [.fixedBytes(4)])
    }
    #expect(throws: ABIError.outOfRange(type: "uint8")) {
      try ABI.encode([.uint(256)], as: [.uint(8)])
    }
    #expect(throws: ABIError.outOfRange(type: "int8")) {
      try ABI.encode([.signed(-129)], as: [.int(8)])
    }
    #expect(throws: ABIError.wrongCount(expected: 1, actual: 0)) {
      try ABI.encode([], as: [.uint256])
    }
    #expect(throws: ABIError.wrongCount(expected: 2, actual: 1)) {
      try ABI.encode([.array([.uint(1)])], as: [.fixedArray(.uint256, 2)])
    }
  }

  // MARK: - Readers and writers

  @Test func `reads with a reader what a writer wrote`() throws {
    let address = Address(0xbeef)
    var writer = ABIWriter(selector: 0xdead_beef)
    writer.append(address)
    writer.append(bytes: Array("hello".utf8))
    writer.append(7 as UInt64)
    writer.append("wörld")
    writer.append(true)
    writer.append(fixedBytes: [1, 2, 3, 4])
    writer.array(count: 2) { elements in
      elements.append(UInt256.max)
      elements.append(1 as UInt64)
    }
    writer.append(Keccak256.emptyHash)
    writer.dynamicTuple { $0.append(bytes: []) }

    let types = try ABIType(
      parsing: "(address,bytes,uint64,string,bool,bytes4,uint256[],bytes32,(bytes))")
    guard case .tuple(let members) = types else { return }
    let values: [ABIValue] = [
      .address(address), .bytes(Array("hello".utf8)), .uint(7), .string("wörld"), .bool(true),
      .fixedBytes([1, 2, 3, 4]), .array([.uint(.max), .uint(1)]), .hash(Keccak256.emptyHash),
      .tuple([.bytes([])]),
    ]
    #expect(try Array(writer.bytes.dropFirst(4)) == ABI.encode(values, as: members))

    var (selector, reader) = try ABIReader.call(writer.bytes)
    #expect(selector == 0xdead_beef)
    #expect(try reader.readAddress() == address)
    #expect(try reader.readBytes(maximumCount: 5) == Array("hello".utf8))
    #expect(try reader.readUInt64() == 7)
    #expect(try reader.readString() == "wörld")
    #expect(try reader.readBool())
    #expect(try reader.readFixedBytes(4) == [1, 2, 3, 4])
    var (count, elements) = try reader.readArray(maximumCount: 2)
    #expect(count == 2)
    #expect(try elements.readUInt256() == .max)
    #expect(throws: ABIError.outOfRange(type: "uint0")) { try elements.readUInt256(bits: 0) }
    #expect(try reader.readHash() == Keccak256.emptyHash)
    var tail = try reader.readTail()
    #expect(try tail.readBytes() == [])
  }

  @Test func `reads no more than the caller allows`() throws {
    let data = try ABI.encode(
      [.bytes([1, 2, 3]), .array([.uint(1)])], as: [.bytes, .array(.uint256)])
    var reader = ABIReader(data)
    #expect(throws: ABIError.tooLarge) { try reader.readBytes(maximumCount: 2) }
    #expect(throws: ABIError.tooLarge) { _ = try reader.readArray(maximumCount: 0) }
    #expect(throws: ABIError.truncated) { try ABIReader.call([1, 2, 3]).selector }
    var empty = ABIReader([], from: 4)
    #expect(empty.remaining == 0)
    #expect(throws: ABIError.truncated) { try empty.readWord() }
  }
}
