internal import Metainfo
internal import TestSupport
internal import Testing

@Suite struct BencodeTests {
  static func read(
    _ text: String, limits: BencodeLimits = .metainfo
  ) throws(BencodeError) -> BencodeValue {
    try BencodeDocument(Array(text.utf8), limits: limits).root
  }

  @Test func readsTheExamplesOfTheSpecification() throws {
    #expect(try Self.read("4:spam").string == "spam")
    #expect(try Self.read("i3e").integer == 3)
    #expect(try Self.read("i-3e").integer == -3)
    #expect(try Self.read("i0e").integer == 0)
    #expect(try Self.read("l4:spam4:eggse").list?.map(\.string) == ["spam", "eggs"])
    let animals = try Self.read("d3:cow3:moo4:spam4:eggse")
    #expect(animals["cow"]?.string == "moo")
    #expect(animals["spam"]?.string == "eggs")
    #expect(try Self.read("d4:spaml1:a1:bee")["spam"]?.list?.map(\.string) == ["a", "b"])
  }

  @Test func readsWholeIntegersAndNoMore() throws {
    #expect(try Self.read("i9223372036854775807e").integer == Int.max)
    #expect(try Self.read("i-9223372036854775807e").integer == -Int.max)
    #expect(throws: BencodeError.overflow(offset: 1)) { try Self.read("i9223372036854775808e") }
    #expect(throws: BencodeError.overflow(offset: 1)) {
      try Self.read("i00000000000000000000000000000000000000000e")
    }
  }

  @Test(
    arguments: [
      "", "i", "i3", "ie", "i-e", "i+3e", "i3.e", "i3", "5:spam", "4spam", ":spam", "-1:a", "l",
      "d", "e", "li3e", "d3:cowe", "d3:cow", "di3e3:cowe", "dl3:cow3:mooee", "x", "l-e", "1:",
      "99999999999999999999:a",
    ])
  func refusesWhatIsNoBencoding(text: String) {
    #expect(throws: BencodeError.self) { try Self.read(text) }
  }

  @Test func refusesEveryCutOfAValue() throws {
    let bytes = Array("d4:listl4:spami-42ee3:numi7e4:tailde1:zle".utf8) + Array("e".utf8)
    _ = try BencodeDocument(bytes)
    for count in 0..<bytes.count {
      #expect(throws: BencodeError.truncated, "cut at \(count)") {
        try BencodeDocument(Array(bytes.prefix(count)))
      }
    }
  }

  @Test func tellsWhatFollowsTheValue() throws {
    let bytes = Array("d1:ai1eeRAW".utf8)
    #expect(throws: BencodeError.trailingBytes(offset: 8)) { try BencodeDocument(bytes) }
    let document = try BencodeDocument(prefixOf: bytes)
    #expect(document.byteCount == 8)
    #expect(document.root["a"]?.integer == 1)
  }

  @Test func nestsToTheLimitWithoutUsingTheStack() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "l", count: depth) + String(repeating: "e", count: depth)
    }
    #expect(try Self.read(nested(100)).isList)
    #expect(throws: BencodeError.tooDeep(limit: 100)) { try Self.read(nested(101)) }
    let deep = BencodeLimits(depth: 1_000_000)
    #expect(try Self.read(nested(1_000_000), limits: deep).isList)
  }

  @Test func boundsValuesAndBytes() throws {
    let few = BencodeLimits(byteCount: 20, depth: 3, valueCount: 4)
    #expect(try Self.read("li1ei2ei3ee", limits: few).isList)
    #expect(throws: BencodeError.tooManyValues(limit: 4)) {
      try Self.read("li1ei2ei3ei4ee", limits: few)
    }
    #expect(throws: BencodeError.tooLarge(limit: 20)) {
      try Self.read("18:aaaaaaaaaaaaaaaaaa", limits: few)
    }
  }

  @Test func givesNilForAnotherKind() throws {
    let value = try Self.read("d1:ai1e1:b1:x1:cle1:ddee")
    #expect(value.integer == nil && value.string == nil && value.list == nil)
    #expect(value["a"]?.bytes == nil && value["a"]?["x"] == nil && value["a"]?.entries == nil)
    #expect(value["b"]?.integer == nil && value["c"]?.isDictionary == false)
    #expect(value["missing"]?["on"]?["the way"]?.integer == nil)
    #expect(try BencodeDocument([0x31, 0x3A, 0xFF]).root.string == nil)
    #expect(try BencodeDocument([0x31, 0x3A, 0xFF]).root.bytes == [0xFF])
  }

  @Test func keepsTheBytesOfEachValue() throws {
    let value = try Self.read("d4:infod1:xi1ee1:z2:abe")
    #expect(value["info"].map { Array($0.encoding) } == Array("d1:xi1ee".utf8))
    #expect(value["z"].map { Array($0.encoding) } == Array("2:ab".utf8))
  }

  @Test(
    arguments: [
      ("d1:ai1e1:bi2ee", true), ("d1:bi1e1:ai2ee", false), ("d1:ai1e1:ai2ee", false),
      ("i0e", true), ("i00e", false), ("i01e", false), ("i-0e", false), ("i-01e", false),
      ("i-10e", true), ("01:a", false), ("0:", true), ("00:", false), ("ld1:bi1e1:ai2eee", false),
      ("d1:a0:2:aa0:e", true), ("d2:aa0:1:a0:e", false),
    ])
  func tellsWhetherAnEncodingIsTheOnlyOne(text: String, isCanonical: Bool) throws {
    #expect(try Self.read(text).isCanonical == isCanonical)
  }

  @Test func ofRepeatedKeysTakesTheFirst() throws {
    #expect(try Self.read("d1:ai1e1:ai2ee")["a"]?.integer == 1)
  }

  @Test func writesKeysInOrder() {
    let item: BencodeItem = ["b": 1, "a": ["x", -5], "aa": ["k": "v"], "": 0]
    #expect(
      String(decoding: item.encoded, as: UTF8.self) == "d0:i0e1:al1:xi-5ee2:aad1:k1:ve1:bi1ee")
    #expect(BencodeItem.encoded(Array("i1e".utf8)).encoded == Array("i1e".utf8))
  }

  @Test func readsBackWhateverItWrites() throws {
    var random = SeededGenerator()
    for _ in 0..<300 {
      let item = Self.item(depth: 0, &random)
      let bytes = item.encoded
      let document = try BencodeDocument(bytes)
      #expect(document.root.isCanonical, "seed \(random.seed)")
      #expect(Self.rebuilt(document.root).encoded == bytes, "seed \(random.seed)")
    }
  }

  private static func item(depth: Int, _ random: inout SeededGenerator) -> BencodeItem {
    switch Int.random(in: 0..<(depth > 4 ? 2 : 4), using: &random) {
    case 0:
      return .integer(
        Int(truncatingIfNeeded: random.next()) >> Int.random(in: 1..<63, using: &random))
    case 1: return .bytes(random.bytes(Int.random(in: 0..<30, using: &random)))
    case 2:
      return .list(
        (0..<Int.random(in: 0..<5, using: &random)).map { _ in item(depth: depth + 1, &random) })
    default:
      let keys = Set(
        (0..<Int.random(in: 0..<5, using: &random)).map { _ in
          random.bytes(Int.random(in: 0..<4, using: &random))
        })
      return .dictionary(keys.map { .init(key: $0, value: item(depth: depth + 1, &random)) })
    }
  }

  private static func rebuilt(_ value: BencodeValue) -> BencodeItem {
    if let integer = value.integer { return .integer(integer) }
    if let bytes = value.bytes { return .bytes(Array(bytes)) }
    if let list = value.list { return .list(list.map(rebuilt)) }
    return .dictionary(
      value.entries?.map { .init(key: Array($0.key), value: rebuilt($0.value)) } ?? [])
  }
}
