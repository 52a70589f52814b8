public import Keys
public import Primitives

/// Why bytes are not a transaction, or can be one on no chain.
public enum TransactionError: Error, Hashable, Sendable {
  /// There are no bytes.
  case empty
  /// More bytes than a transaction may have.
  case tooLarge(count: Int, limit: Int)
  /// The type byte is none of 1 and 2, nor the start of a legacy list.
  case unsupportedType(UInt8)
  /// The RLP is malformed or not canonical.
  case malformed(RLPError)
  /// The signature's v, r or s is out of range, or s is in the upper half (EIP-2).
  case invalidSignature(SignatureError)
  /// A legacy transaction's v is neither 27/28 nor that of a chain id below 2^63.
  case invalidV
  /// The nonce is 2^64 − 1 (EIP-2681).
  case nonceTooLarge
  /// The tip is above the fee cap.
  case tipAboveFeeCap
  /// Gas limit × fee cap + value does not fit 256 bits.
  case costOverflow
  /// The gas limit is below what is due before anything runs.
  case intrinsicGasTooLow(have: UInt64, want: UInt64)
  /// A creation's code is longer than EIP-3860 allows.
  case initCodeTooLarge
}

extension TransactionError: CustomStringConvertible {
  /// The cause, in the words that Ethereum libraries look for.
  public var description: String {
    switch self {
    case .empty: "typed transaction too short"
    case .tooLarge(let count, let limit):
      "oversized data: transaction size \(count), limit \(limit)"
    case .unsupportedType(let type):
      "transaction type not supported: \(type) (this chain takes 0, 1 and 2)"
    case .malformed(let cause): "rlp: \(cause)"
    case .invalidSignature(let cause): "invalid transaction v, r, s values: \(cause)"
    case .invalidV: "invalid transaction v, r, s values: v is neither 27, 28 nor EIP-155's"
    case .nonceTooLarge: "nonce has max value"
    case .tipAboveFeeCap: "max priority fee per gas higher than max fee per gas"
    case .costOverflow: "gas limit times fee plus value exceeds 256 bits"
    case .intrinsicGasTooLow(let have, let want):
      "intrinsic gas too low: have \(have), want \(want)"
    case .initCodeTooLarge: "max initcode size exceeded"
    }
  }
}
