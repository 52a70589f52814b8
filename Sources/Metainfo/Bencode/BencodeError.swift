/// Why bytes are not bencoding that can be read.
public enum BencodeError: Error, Equatable, Sendable {
  /// The bytes end inside a value.
  case truncated
  /// A byte that begins no value, or is no digit where one must stand; at this offset.
  case unexpectedByte(offset: Int)
  /// An integer or length that does not fit 63 bits and a sign; at this offset.
  case overflow(offset: Int)
  /// Bytes follow the value, from this offset.
  case trailingBytes(offset: Int)
  /// More levels of lists and dictionaries than the limit.
  case tooDeep(limit: Int)
  /// More values than the limit.
  case tooManyValues(limit: Int)
  /// More bytes than the limit.
  case tooLarge(limit: Int)
}

extension BencodeError: CustomStringConvertible {
  /// The cause in words.
  public var description: String {
    switch self {
    case .truncated: "bencoding ends inside a value"
    case .unexpectedByte(let offset): "unexpected byte in bencoding at offset \(offset)"
    case .overflow(let offset): "number too large in bencoding at offset \(offset)"
    case .trailingBytes(let offset): "bytes follow the bencoded value, from offset \(offset)"
    case .tooDeep(let limit): "bencoding nested deeper than \(limit) levels"
    case .tooManyValues(let limit): "bencoding of more than \(limit) values"
    case .tooLarge(let limit): "bencoding of more than \(limit) bytes"
    }
  }
}
