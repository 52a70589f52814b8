internal import JSON
internal import Testing

@Suite("JSON reader") struct JSONParserTests {
  /// What RFC 8259 allows, after the "y_" files of Nicolas Seriot's JSONTestSuite.
  static let accepted: [(String, JSONValue)] = [
    ("[]", []),
    ("{}", [:]),
    (" \t\r\n null \t\r\n", nil),
    ("true", true),
    ("false", false),
    ("0", 0),
    ("-0", .number("-0")),
    ("-0.0e-0", .number("-0.0e-0")),
    ("123456789012345678901234567890", .number("123456789012345678901234567890")),
    ("1E22", .number("1E22")),
    ("0e+1", .number("0e+1")),
    ("1.5e+9999", .number("1.5e+9999")),
    ("\"\"", ""),
    (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
    (#""\u0041\u00e9\u20AC\u0000""#, "Aé€\0"),
    (#""\uD834\uDD1E""#, "\u{1d11e}"),
    (#""\uDBFF\uDFFF""#, "\u{10ffff}"),
    ("\"é€\u{1d11e}\u{7f}\u{2028}\"", "é€\u{1d11e}\u{7f}\u{2028}"),
    (#""a\u00e9é""#, "aéé"),
    ("[1, [2,[3]] ,{\"a\":[]}]", [1, [2, [3]], ["a": []]]),
    (#"{"":0,"a":{"b":null}}"#, ["": 0, "a": ["b": nil]]),
    (#"{"a\u0000b":1}"#, ["a\0b": 1]),
  ]

  @Test("takes what RFC 8259 allows", arguments: accepted)
  func accepts(text: String, value: JSONValue) throws {
    #expect(try JSONValue.parse(text) == value)
  }

  /// What RFC 8259 forbids, after the "n_" files of the same suite, with the fault and its place.
  static let refused: [(String, JSONError.Reason, Int)] = [
    ("", .unexpectedEnd, 0),
    ("  ", .unexpectedEnd, 2),
    ("[", .unexpectedEnd, 1),
    ("[1", .unexpectedEnd, 2),
    ("[1,", .unexpectedEnd, 3),
    ("[1,]", .unexpectedByte(0x5d), 3),
    ("[,1]", .unexpectedByte(0x2c), 1),
    ("[1 2]", .unexpectedByte(0x32), 3),
    ("[1}", .unexpectedByte(0x7d), 2),
    ("]", .unexpectedByte(0x5d), 0),
    ("{", .unexpectedEnd, 1),
    ("{\"a\"", .unexpectedEnd, 4),
    ("{\"a\":", .unexpectedEnd, 5),
    ("{\"a\" 1}", .unexpectedByte(0x31), 5),
    ("{\"a\":1,}", .unexpectedByte(0x7d), 7),
    ("{a:1}", .unexpectedByte(0x61), 1),
    ("{'a':1}", .unexpectedByte(0x27), 1),
    ("{1:1}", .unexpectedByte(0x31), 1),
    ("{\"a\":1,\"b\":2,\"a\":3}", .duplicateKey, 13),
    ("nul", .unexpectedEnd, 3),
    ("nulL", .unexpectedByte(0x4c), 3),
    ("True", .unexpectedByte(0x54), 0),
    ("NaN", .unexpectedByte(0x4e), 0),
    ("-Infinity", .invalidNumber, 1),
    ("01", .invalidNumber, 1),
    ("-01", .invalidNumber, 2),
    ("-", .unexpectedEnd, 1),
    ("+1", .unexpectedByte(0x2b), 0),
    (".5", .unexpectedByte(0x2e), 0),
    ("1.", .unexpectedEnd, 2),
    ("1.e1", .invalidNumber, 2),
    ("1e", .unexpectedEnd, 2),
    ("1e+", .unexpectedEnd, 3),
    ("[1e]", .invalidNumber, 3),
    ("0x1", .trailingBytes, 1),
    ("1 2", .trailingBytes, 2),
    ("[]]", .trailingBytes, 2),
    ("{} //", .trailingBytes, 3),
    ("null\0", .trailingBytes, 4),
    ("\0", .unexpectedByte(0), 0),
    ("\"", .unexpectedEnd, 1),
    ("\"a", .unexpectedEnd, 2),
    ("\"\\", .unexpectedEnd, 2),
    ("\"\\\"", .unexpectedEnd, 3),
    ("\"\\u12", .unexpectedEnd, 5),
    (#""\x41""#, .invalidEscape, 1),
    (#""\U0041""#, .invalidEscape, 1),
    (#""\u00g0""#, .invalidEscape, 5),
    (#""\ud800""#, .loneSurrogate, 1),
    (#""\ud800a""#, .loneSurrogate, 1),
    (#""\ud800\n""#, .loneSurrogate, 1),
    (#""\ud800\u0041""#, .loneSurrogate, 1),
    (#""\udc00\ud800""#, .loneSurrogate, 1),
    ("\"a\nb\"", .controlCharacter, 2),
    ("\"\0\"", .controlCharacter, 1),
    ("\"\\n\u{1f}\"", .controlCharacter, 3),
    ("\u{feff}[]", .unexpectedByte(0xef), 0),
    ("[\u{a0}1]", .unexpectedByte(0xc2), 1),
  ]

  @Test("refuses what RFC 8259 forbids, and says where", arguments: refused)
  func refuses(text: String, reason: JSONError.Reason, offset: Int) {
    #expect(throws: JSONError(reason, at: offset)) { try JSONValue.parse(text) }
  }

  @Test(
    "refuses strings that are not UTF-8",
    arguments: [
      [0x80], [0xff], [0xc0, 0xaf], [0xe0, 0x80, 0xaf], [0xed, 0xa0, 0x80], [0xc3],
      [0xf4, 0x90, 0x80, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80],
    ] as [[UInt8]])
  func refusesInvalidUTF8(content: [UInt8]) {
    let plain = Array("[\"".utf8) + content + Array("\"]".utf8)
    #expect(throws: JSONError(.invalidUTF8, at: 2)) { try JSONValue.parse(plain) }
    let escaped = Array("[\"\\n".utf8) + content + Array("\"]".utf8)
    #expect(throws: JSONError(.invalidUTF8, at: 2)) { try JSONValue.parse(escaped) }
  }

  @Test("allows exactly the depth of its limits")
  func limitsDepth() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(throws: Never.self) { try JSONValue.parse(nested(64)) }
    #expect(throws: JSONError(.tooDeep, at: 64)) { try JSONValue.parse(nested(65)) }
    #expect(throws: JSONError(.tooDeep, at: 64)) {
      try JSONValue.parse(String(repeating: "[", count: 1_000_000))
    }
    let objects = String(repeating: "{\"a\":", count: 65)
    #expect(throws: JSONError(.tooDeep, at: 64 * 5)) { try JSONValue.parse(objects) }
    let most = JSONLimits(maximumDepth: .max)
    #expect(throws: JSONError(.tooDeep, at: 512)) { try JSONValue.parse(nested(513), limits: most) }
  }

  @Test("allows exactly as many values as its limits")
  func limitsValues() {
    let limits = JSONLimits(maximumValues: 3)
    #expect(throws: Never.self) { try JSONValue.parse("[1,2]", limits: limits) }
    #expect(throws: JSONError(.tooManyValues, at: 5)) {
      try JSONValue.parse("[1,2,3]", limits: limits)
    }
  }

  @Test("finds a duplicate key among many, in linear time")
  func findsDuplicateAmongMany() throws {
    let members = (0..<50_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
    let value = try JSONValue.parse("{\(members)}")
    #expect(value.objectValue?.count == 50_000)
    #expect(value["k49999"] == 49_999)
    let text = "{\(members),\"k31\":0}"
    let place = text.utf8.count - "\"k31\":0}".utf8.count
    #expect(throws: JSONError(.duplicateKey, at: place)) { try JSONValue.parse(text) }
  }

  @Test("tells the cause and the place in words")
  func describesErrors() {
    #expect(
      JSONError(.unexpectedByte(0x5d), at: 3).description
        == "unexpected byte 0x5d in JSON (at byte 3)")
  }
}
