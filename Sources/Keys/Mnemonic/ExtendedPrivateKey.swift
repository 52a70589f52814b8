/// A private key from which others are derived (BIP-32).
public struct ExtendedPrivateKey: Sendable {
  /// The key.
  public let key: PrivateKey
  let header: ExtendedKeyHeader

  /// The master key of a seed of 16 to 64 bytes.
  public init(seed: [UInt8]) throws(DerivationError) {
    guard (16...64).contains(seed.count) else { throw .wrongSeedLength(seed.count) }
    var hash = Cryptography.hmacSHA512(seed, key: Array("Bitcoin seed".utf8))
    defer { SecretBytes.wipe(&hash) }
    guard let key = try? PrivateKey(bytes: hash.prefix(32)) else { throw .invalidSeed }
    self.key = key
    header = ExtendedKeyHeader(chainCode: [UInt8](hash.suffix(32)))
  }

  /// The master key of a mnemonic's seed.
  public init(mnemonic: Mnemonic, passphrase: String = "") throws {
    var seed = try mnemonic.seed(passphrase: passphrase)
    defer { SecretBytes.wipe(&seed) }
    try self.init(seed: seed)
  }

  /// Reads the form that begins with `xprv`.
  public init(xprv text: String) throws(DerivationError) {
    var (header, bytes) = try ExtendedKeyHeader.decode(
      text, version: ExtendedKeyHeader.privateVersion)
    defer { SecretBytes.wipe(&bytes) }
    guard bytes.first == 0, let key = try? PrivateKey(bytes: bytes.dropFirst()) else {
      throw .invalidExtendedKey
    }
    self.init(key: key, header: header)
  }

  private init(key: PrivateKey, header: ExtendedKeyHeader) {
    self.key = key
    self.header = header
  }

  /// The number of steps from the master key.
  public var depth: UInt8 { header.depth }

  /// The form that begins with `xprv`: a secret.
  public var xprv: String {
    var bytes = key.withUnsafeBytes { [0] + [UInt8]($0) }
    defer { SecretBytes.wipe(&bytes) }
    return header.encode(version: ExtendedKeyHeader.privateVersion, key: bytes)
  }

  /// The key for watching: it derives the public keys of the children that are not hardened.
  public var publicKey: ExtendedPublicKey {
    ExtendedPublicKey(key: key.publicKey, header: header)
  }

  /// The child with an index, hardened when its top bit is set.
  public func child(_ index: UInt32) throws(DerivationError) -> ExtendedPrivateKey {
    var secret = key.withUnsafeBytes { [UInt8]($0) }
    let isHardened = index & DerivationPath.hardened != 0
    var input = (isHardened ? [0] + secret : key.publicKey.compressed) + index.bigEndianBytes
    var hash = Cryptography.hmacSHA512(input, key: header.chainCode)
    defer {
      SecretBytes.wipe(&secret)
      SecretBytes.wipe(&input)
      SecretBytes.wipe(&hash)
    }
    guard
      let header = header.child(
        index, of: key.publicKey, chainCode: [UInt8](hash.suffix(32)))
    else { throw .tooDeep }
    guard Secp256k1.add([UInt8](hash.prefix(32)), toSecret: &secret),
      let child = try? PrivateKey(bytes: secret)
    else { throw .noChild(index) }
    return ExtendedPrivateKey(key: child, header: header)
  }

  /// The descendant at the end of a path that begins here.
  public func derive(_ path: DerivationPath) throws(DerivationError) -> ExtendedPrivateKey {
    var key = self
    for index in path.indices { key = try key.child(index) }
    return key
  }
}

extension PrivateKey {
  /// The key at the end of a path from a mnemonic's master key; the first account by default.
  public init(
    mnemonic: Mnemonic, passphrase: String = "", path: DerivationPath = .ethereum()
  ) throws {
    self = try ExtendedPrivateKey(mnemonic: mnemonic, passphrase: passphrase).derive(path).key
  }
}
