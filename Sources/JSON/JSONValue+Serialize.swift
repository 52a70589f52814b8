extension JSONValue {
  /// The shortest JSON text, in UTF-8.
  public var serialized: [UInt8] {
    var bytes: [UInt8] = []
    serialize(into: &bytes)
    return bytes
  }

  /// Appends the shortest JSON text, in UTF-8.
  public func serialize(into bytes: inout [UInt8]) {
    switch self {
    case .null: bytes.append("null")
    case .bool(let value): bytes.append(value ? "true" : "false")
    case .number(let text): bytes.append(contentsOf: text.utf8)
    case .string(let string): bytes.append(jsonString: string)
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      var isFirst = true
      for element in elements {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        element.serialize(into: &bytes)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let object):
      bytes.append(UInt8(ascii: "{"))
      var isFirst = true
      for member in object.members {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        bytes.append(jsonString: member.key)
        bytes.append(UInt8(ascii: ":"))
        member.value.serialize(into: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }

  /// The JSON text for people: a line for every member and element, indented by two spaces.
  public var prettyPrinted: String {
    var bytes: [UInt8] = []
    prettyPrint(into: &bytes, indentation: 0)
    return String(decoding: bytes, as: UTF8.self)
  }

  private func prettyPrint(into bytes: inout [UInt8], indentation: Int) {
    func line(_ bytes: inout [UInt8], _ indentation: Int) {
      bytes.append(UInt8(ascii: "\n"))
      bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indentation))
    }
    switch self {
    case .array(let elements) where !elements.isEmpty:
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        line(&bytes, indentation + 2)
        element.prettyPrint(into: &bytes, indentation: indentation + 2)
      }
      line(&bytes, indentation)
      bytes.append(UInt8(ascii: "]"))
    case .object(let object) where !object.isEmpty:
      bytes.append(UInt8(ascii: "{"))
      for (index, member) in object.members.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        line(&bytes, indentation + 2)
        bytes.append(jsonString: member.key)
        bytes.append(": ")
        member.value.prettyPrint(into: &bytes, indentation: indentation + 2)
      }
      line(&bytes, indentation)
      bytes.append(UInt8(ascii: "}"))
    default: serialize(into: &bytes)
    }
  }
}

extension [UInt8] {
  /// Appends the text of a literal.
  @inline(__always) package mutating func append(_ text: StaticString) {
    append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Appends a JSON string with its quotes.
  package mutating func append(jsonString string: String) {
    append(UInt8(ascii: "\""))
    var string = string
    string.withUTF8 { text in
      guard text.contains(where: needsEscape) else {
        append(contentsOf: text)
        return
      }
      for byte in text { appendEscaped(byte) }
    }
    append(UInt8(ascii: "\""))
  }

  private mutating func appendEscaped(_ byte: UInt8) {
    guard needsEscape(byte) else { return append(byte) }
    switch byte {
    case UInt8(ascii: "\""): append("\\\"")
    case UInt8(ascii: "\\"): append("\\\\")
    case 0x08: append("\\b")
    case 0x09: append("\\t")
    case 0x0a: append("\\n")
    case 0x0c: append("\\f")
    case 0x0d: append("\\r")
    default:
      append("\\u00")
      for nibble in [byte >> 4, byte & 15] {
        append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
      }
    }
  }
}

@inline(__always) private func needsEscape(_ byte: UInt8) -> Bool {
  byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
}
