/// Why numbers or bytes are not a signature that Ethereum takes.
public enum SignatureError: Error, Hashable, Sendable {
  /// The form has this many bytes instead of 65.
  case wrongLength(Int)
  /// The last byte is neither 27 nor 28.
  case invalidV(UInt8)
  /// The recovery identifier is neither 0 nor 1.
  case invalidRecoveryID(UInt8)
  /// r is zero or not below the order of the curve.
  case invalidR
  /// s is zero or not below the order of the curve.
  case invalidS
  /// s lies in the upper half of the order, which EIP-2 forbids.
  case highS
  /// No public key gives this signature over this digest.
  case notRecoverable
}

extension SignatureError: CustomStringConvertible {
  /// The cause in words.
  public var description: String {
    switch self {
    case .wrongLength(let count): "signature has \(count) bytes, want 65"
    case .invalidV(let v): "signature has v = \(v), want 27 or 28"
    case .invalidRecoveryID(let identifier): "recovery identifier \(identifier), want 0 or 1"
    case .invalidR: "signature's r is zero or not below the order of secp256k1"
    case .invalidS: "signature's s is zero or not below the order of secp256k1"
    case .highS: "signature's s is in the upper half of the order (EIP-2)"
    case .notRecoverable: "no public key gives this signature over this digest"
    }
  }
}
