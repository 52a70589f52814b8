/// Why a key could not be derived.
///
/// No case carries any part of a secret.
public enum DerivationError: Error, Equatable, Sendable {
  /// The text is not a path such as `m/44'/60'/0'/0/0`.
  case invalidPath(String)
  /// More than 255 steps.
  case tooDeep
  /// A seed has this many bytes instead of 16 to 64.
  case wrongSeedLength(Int)
  /// The seed gives no master key, which has a chance of 2^-127.
  case invalidSeed
  /// There is no child with this index, which has a chance of 2^-127: take the next one.
  case noChild(UInt32)
  /// Hardened children have the private key only for a parent.
  case hardenedNeedsPrivateKey
  /// The text is not an extended key of the kind asked for.
  case invalidExtendedKey
}

extension DerivationError: CustomStringConvertible {
  /// The cause and the next step.
  public var description: String {
    switch self {
    case .invalidPath(let text): "\(text) is not a derivation path; write it like m/44'/60'/0'/0/0"
    case .tooDeep: "a derivation path has at most 255 steps"
    case .wrongSeedLength(let count): "seed has \(count) bytes, want 16 to 64"
    case .invalidSeed: "the seed gives no master key: take another"
    case .noChild(let index): "there is no child \(index): take the next one"
    case .hardenedNeedsPrivateKey: "a hardened child can only be derived from the private key"
    case .invalidExtendedKey:
      "not an extended key of this kind, or mistyped: it begins with xprv or xpub and ends with a "
        + "checksum"
    }
  }
}
