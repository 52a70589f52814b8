/// A recursive reader whose depth is bounded by its limits.
struct JSONParser {
  private let bytes: [UInt8]
  private let limits: JSONLimits
  private var offset = 0
  private var valueCount = 0

  init(_ bytes: [UInt8], limits: JSONLimits) {
    self.bytes = bytes
    self.limits = limits
  }

  mutating func parseDocument() throws(JSONError) -> JSONValue {
    skipWhitespace()
    let value = try parseValue(depth: 0)
    skipWhitespace()
    guard offset == bytes.count else { throw JSONError(.trailingBytes, at: offset) }
    return value
  }

  // MARK: - Bytes

  /// The next byte, or 0 at the end: no token begins with 0, so that one test serves for both.
  private var next: UInt8 {
    @inline(__always) get { offset < bytes.count ? bytes[offset] : 0 }
  }

  private func unexpected() -> JSONError {
    offset < bytes.count
      ? JSONError(.unexpectedByte(bytes[offset]), at: offset)
      : JSONError(.unexpectedEnd, at: offset)
  }

  @inline(__always) private mutating func skipWhitespace() {
    while true {
      switch next {
      case 0x20, 0x0a, 0x0d, 0x09: offset += 1
      default: return
      }
    }
  }

  // MARK: - Values

  private mutating func parseValue(depth: Int) throws(JSONError) -> JSONValue {
    valueCount += 1
    guard valueCount <= limits.maximumValues else { throw JSONError(.tooManyValues, at: offset) }
    switch next {
    case UInt8(ascii: "\""): return .string(try parseString())
    case UInt8(ascii: "{"): return .object(try parseObject(depth: depth + 1))
    case UInt8(ascii: "["): return .array(try parseArray(depth: depth + 1))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      return .number(try parseNumber())
    case UInt8(ascii: "t"): return try parseLiteral("true", .bool(true))
    case UInt8(ascii: "f"): return try parseLiteral("false", .bool(false))
    case UInt8(ascii: "n"): return try parseLiteral("null", .null)
    default: throw unexpected()
    }
  }

  private mutating func parseLiteral(
    _ text: StaticString, _ value: JSONValue
  ) throws(JSONError) -> JSONValue {
    for index in 0..<text.utf8CodeUnitCount {
      guard next == text.utf8Start[index] else { throw unexpected() }
      offset += 1
    }
    return value
  }

  private mutating func parseArray(depth: Int) throws(JSONError) -> [JSONValue] {
    guard depth <= limits.maximumDepth else { throw JSONError(.tooDeep, at: offset) }
    offset += 1
    skipWhitespace()
    var elements: [JSONValue] = []
    if next == UInt8(ascii: "]") {
      offset += 1
      return elements
    }
    while true {
      elements.append(try parseValue(depth: depth))
      skipWhitespace()
      switch next {
      case UInt8(ascii: ","):
        offset += 1
        skipWhitespace()
      case UInt8(ascii: "]"):
        offset += 1
        return elements
      default: throw unexpected()
      }
    }
  }

  private mutating func parseObject(depth: Int) throws(JSONError) -> JSONObject {
    guard depth <= limits.maximumDepth else { throw JSONError(.tooDeep, at: offset) }
    offset += 1
    skipWhitespace()
    var members: [JSONObject.Member] = []
    if next == UInt8(ascii: "}") {
      offset += 1
      return JSONObject()
    }
    var keys: Set<String> = []
    while true {
      let start = offset
      guard next == UInt8(ascii: "\"") else { throw unexpected() }
      let key = try parseString()
      if members.count < JSONObject.linearCount {
        if members.contains(where: { $0.key == key }) {
          throw JSONError(.duplicateKey, at: start)
        }
      } else {
        if keys.isEmpty { keys = Set(members.map(\.key)) }
        guard keys.insert(key).inserted else { throw JSONError(.duplicateKey, at: start) }
      }
      skipWhitespace()
      guard next == UInt8(ascii: ":") else { throw unexpected() }
      offset += 1
      skipWhitespace()
      members.append(.init(key: key, value: try parseValue(depth: depth)))
      skipWhitespace()
      switch next {
      case UInt8(ascii: ","):
        offset += 1
        skipWhitespace()
      case UInt8(ascii: "}"):
        offset += 1
        return JSONObject(unique: members)
      default: throw unexpected()
      }
    }
  }

  // MARK: - Numbers

  private mutating func parseNumber() throws(JSONError) -> String {
    let start = offset
    if next == UInt8(ascii: "-") { offset += 1 }
    if next == UInt8(ascii: "0") {
      offset += 1
    } else {
      try skipDigits()
    }
    if next == UInt8(ascii: ".") {
      offset += 1
      try skipDigits()
    }
    if next | 0x20 == UInt8(ascii: "e") {
      offset += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { offset += 1 }
      try skipDigits()
    }
    // "01" and "1a" are one wrong number rather than a number and something else.
    switch next {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): throw JSONError(.invalidNumber, at: offset)
    default: return String(decoding: bytes[start..<offset], as: UTF8.self)
    }
  }

  private mutating func skipDigits() throws(JSONError) {
    let start = offset
    while next &- UInt8(ascii: "0") < 10 { offset += 1 }
    guard offset > start else {
      throw JSONError(offset < bytes.count ? .invalidNumber : .unexpectedEnd, at: offset)
    }
  }

  // MARK: - Strings

  private mutating func parseString() throws(JSONError) -> String {
    offset += 1
    let start = offset
    var isASCII = true
    while true {
      let byte = next
      if byte == UInt8(ascii: "\"") {
        defer { offset += 1 }
        let content = bytes[start..<offset]
        if isASCII { return String(decoding: content, as: UTF8.self) }
        guard let string = String(validating: content, as: UTF8.self) else {
          throw JSONError(.invalidUTF8, at: start)
        }
        return string
      }
      if byte == UInt8(ascii: "\\") { return try parseEscapedString(from: start) }
      guard byte >= 0x20 else { throw controlOrEnd() }
      if byte >= 0x80 { isASCII = false }
      offset += 1
    }
  }

  private func controlOrEnd() -> JSONError {
    JSONError(offset < bytes.count ? .controlCharacter : .unexpectedEnd, at: offset)
  }

  /// The rest of a string with escapes, whose characters before the first one begin at `start`.
  private mutating func parseEscapedString(from start: Int) throws(JSONError) -> String {
    var content = Array(bytes[start..<offset])
    while true {
      let byte = next
      switch byte {
      case UInt8(ascii: "\""):
        offset += 1
        guard let string = String(validating: content, as: UTF8.self) else {
          throw JSONError(.invalidUTF8, at: start)
        }
        return string
      case UInt8(ascii: "\\"):
        offset += 1
        try parseEscape(into: &content)
      case ..<0x20: throw controlOrEnd()
      default:
        content.append(byte)
        offset += 1
      }
    }
  }

  private mutating func parseEscape(into content: inout [UInt8]) throws(JSONError) {
    let start = offset - 1
    let escape = next
    guard offset < bytes.count else { throw JSONError(.unexpectedEnd, at: offset) }
    offset += 1
    switch escape {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(escape)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0c)
    case UInt8(ascii: "n"): content.append(0x0a)
    case UInt8(ascii: "r"): content.append(0x0d)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "u"):
      var code = try parseCodeUnit()
      if code & 0xfc00 == 0xd800, next == UInt8(ascii: "\\") {
        offset += 1
        guard next == UInt8(ascii: "u") else { throw JSONError(.loneSurrogate, at: start) }
        offset += 1
        let low = try parseCodeUnit()
        guard low & 0xfc00 == 0xdc00 else { throw JSONError(.loneSurrogate, at: start) }
        code = 0x10000 + (code & 0x3ff) << 10 + low & 0x3ff
      }
      guard let scalar = Unicode.Scalar(code) else { throw JSONError(.loneSurrogate, at: start) }
      content.append(contentsOf: UTF8.encode(scalar) ?? .init())
    default: throw JSONError(.invalidEscape, at: start)
    }
  }

  private mutating func parseCodeUnit() throws(JSONError) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      let digit: UInt8
      switch next {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = next - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = next - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = next - UInt8(ascii: "A") + 10
      default:
        throw JSONError(offset < bytes.count ? .invalidEscape : .unexpectedEnd, at: offset)
      }
      code = code << 4 | UInt32(digit)
      offset += 1
    }
    return code
  }
}

extension JSONValue {
  /// Reads one value with nothing but white space around it.
  ///
  /// - Throws: `JSONError` with the place of the first fault.
  public static func parse(
    _ bytes: [UInt8], limits: JSONLimits = .default
  ) throws(JSONError) -> JSONValue {
    var parser = JSONParser(bytes, limits: limits)
    return try parser.parseDocument()
  }

  /// Reads one value with nothing but white space around it.
  ///
  /// - Throws: `JSONError` with the place of the first fault.
  public static func parse(
    _ text: some StringProtocol, limits: JSONLimits = .default
  ) throws(JSONError) -> JSONValue {
    try parse([UInt8](text.utf8), limits: limits)
  }
}
