/// Why bytes are not JSON, or more of it than the reader allows.
public struct JSONError: Error, Hashable, Sendable {
  /// What is wrong.
  public enum Reason: Hashable, Sendable {
    /// The input ends inside a value.
    case unexpectedEnd
    /// A byte that cannot stand here.
    case unexpectedByte(UInt8)
    /// A number that RFC 8259 does not know: leading zeros, a bare sign, no digits after a point.
    case invalidNumber
    /// A backslash sequence that does not exist.
    case invalidEscape
    /// Half of a UTF-16 pair: it stands for no character.
    case loneSurrogate
    /// A control character that is not escaped.
    case controlCharacter
    /// A string is not UTF-8.
    case invalidUTF8
    /// An object has a key twice.
    case duplicateKey
    /// Arrays and objects nest deeper than the limit.
    case tooDeep
    /// There are more values than the limit.
    case tooManyValues
    /// Something follows the value.
    case trailingBytes
  }

  /// What is wrong.
  public var reason: Reason
  /// Where, counted in bytes from 0.
  public var offset: Int

  /// An error from its parts.
  public init(_ reason: Reason, at offset: Int) {
    self.reason = reason
    self.offset = offset
  }
}

extension JSONError: CustomStringConvertible {
  /// The cause and the place in words.
  public var description: String {
    let cause =
      switch reason {
      case .unexpectedEnd: "JSON ends inside a value"
      case .unexpectedByte(let byte): "unexpected byte 0x\(String(byte, radix: 16)) in JSON"
      case .invalidNumber: "invalid JSON number"
      case .invalidEscape: "invalid escape in a JSON string"
      case .loneSurrogate: "unpaired surrogate in a JSON string"
      case .controlCharacter: "unescaped control character in a JSON string"
      case .invalidUTF8: "JSON string is not UTF-8"
      case .duplicateKey: "JSON object has a key twice"
      case .tooDeep: "JSON nests too deep"
      case .tooManyValues: "JSON has too many values"
      case .trailingBytes: "bytes follow the JSON value"
      }
    return "\(cause) (at byte \(offset))"
  }
}
