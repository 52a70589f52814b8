public import Primitives

/// Why bytes are not a key, or a key could not sign.
///
/// No case carries any part of a secret.
public enum KeyError: Error, Equatable, Sendable {
  /// The text is not hexadecimal.
  case notHex(HexError)
  /// A private key has this many bytes instead of 32.
  case wrongPrivateKeyLength(Int)
  /// A private key is zero or not below the order of the curve.
  case privateKeyOutOfRange
  /// A public key has this many bytes instead of 33, 64 or 65.
  case wrongPublicKeyLength(Int)
  /// A public key is no point of the curve, or in a form that is not taken.
  case invalidPublicKey
  /// The signature came out in a form Ethereum refuses, which has a chance of 2^-127.
  case signingFailed
}

extension KeyError: CustomStringConvertible {
  /// The cause and the next step.
  public var description: String {
    switch self {
    case .notHex(let cause): "private key is not hexadecimal: \(cause)"
    case .wrongPrivateKeyLength(let count):
      "private key has \(count) bytes, want 32: check that it was copied whole"
    case .privateKeyOutOfRange: "private key is zero or not below the order of secp256k1"
    case .wrongPublicKeyLength(let count): "public key has \(count) bytes, want 33, 64 or 65"
    case .invalidPublicKey: "public key is not a point of secp256k1"
    case .signingFailed: "signing gave no signature of the form Ethereum takes"
    }
  }
}
