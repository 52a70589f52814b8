/// A public key from which others are derived (BIP-32).
public struct ExtendedPublicKey: Hashable, Sendable {
  /// The key.
  public let key: PublicKey
  let header: ExtendedKeyHeader

  init(key: PublicKey, header: ExtendedKeyHeader) {
    self.key = key
    self.header = header
  }

  /// Reads the form that begins with `xpub`.
  public init(xpub text: String) throws(DerivationError) {
    let (header, bytes) = try ExtendedKeyHeader.decode(
      text, version: ExtendedKeyHeader.publicVersion)
    guard let key = try? PublicKey(bytes: bytes) else { throw .invalidExtendedKey }
    self.init(key: key, header: header)
  }

  /// The number of steps from the master key.
  public var depth: UInt8 { header.depth }

  /// The form that begins with `xpub`.
  public var xpub: String {
    header.encode(version: ExtendedKeyHeader.publicVersion, key: key.compressed)
  }

  /// The child with an index below 2^31.
  public func child(_ index: UInt32) throws(DerivationError) -> ExtendedPublicKey {
    guard index & DerivationPath.hardened == 0 else { throw .hardenedNeedsPrivateKey }
    let hash = Cryptography.hmacSHA512(key.compressed + index.bigEndianBytes, key: header.chainCode)
    guard let header = header.child(index, of: key, chainCode: [UInt8](hash.suffix(32))) else {
      throw .tooDeep
    }
    guard let child = Secp256k1.add([UInt8](hash.prefix(32)), to: key) else {
      throw .noChild(index)
    }
    return ExtendedPublicKey(key: child, header: header)
  }
}
