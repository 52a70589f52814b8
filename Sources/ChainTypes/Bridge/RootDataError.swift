public import Primitives

/// Why bytes are not a header or a receipt of a root chain.
public enum RootDataError: Error, Hashable, Sendable {
  /// There are more bytes than any real one has.
  case tooLarge
  /// The RLP is malformed, not canonical, or of another shape.
  case malformed(RLPError)
  /// The first byte is none of a receipt's: neither a type nor a list.
  case unknownReceiptType(UInt8)
}

extension RootDataError: CustomStringConvertible {
  /// The cause in words.
  public var description: String {
    switch self {
    case .tooLarge: "root chain data is larger than any real one"
    case .malformed(let cause): "malformed root chain data: \(cause)"
    case .unknownReceiptType(let type): "a receipt cannot begin with the byte \(type)"
    }
  }
}
