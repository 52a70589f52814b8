public import Keys
public import Primitives

/// Why bytes are not a block of this chain's shape.
public enum BlockError: Error, Equatable, Sendable {
  /// The RLP is malformed or not canonical.
  case malformed(RLPError)
  /// A header field that has one value on this chain has another.
  case fixedFieldChanged
  /// More than 32 bytes of extra data.
  case extraDataTooLong
  /// A transaction is malformed.
  case transaction(index: Int, TransactionError)
  /// There are uncles or withdrawals.
  case unexpectedContents
  /// The seal is not a signature.
  case seal(SignatureError)
}

extension BlockError: CustomStringConvertible {
  /// The cause in words.
  public var description: String {
    switch self {
    case .malformed(let cause): "malformed block: \(cause)"
    case .fixedFieldChanged:
      "malformed block: uncles, difficulty, nonce, withdrawals and blob fields must be empty here"
    case .extraDataTooLong: "malformed block: more than 32 bytes of extra data"
    case .transaction(let index, let cause): "malformed block: transaction \(index): \(cause)"
    case .unexpectedContents: "malformed block: uncles or withdrawals"
    case .seal(let cause): "malformed block seal: \(cause)"
    }
  }
}
