/// What an extended key has besides the key, in the order of its serialisation (BIP-32).
struct ExtendedKeyHeader: Hashable, Sendable {
  var depth: UInt8 = 0
  var parentFingerprint: [UInt8] = [0, 0, 0, 0]
  var index: UInt32 = 0
  var chainCode: [UInt8]

  static let publicVersion: [UInt8] = [0x04, 0x88, 0xB2, 0x1E]
  static let privateVersion: [UInt8] = [0x04, 0x88, 0xAD, 0xE4]

  init(chainCode: [UInt8]) { self.chainCode = chainCode }

  /// The header of the child with an index; nil below the greatest depth.
  func child(_ index: UInt32, of parent: PublicKey, chainCode: [UInt8]) -> ExtendedKeyHeader? {
    guard depth < 255 else { return nil }
    var child = ExtendedKeyHeader(chainCode: chainCode)
    child.depth = depth + 1
    child.parentFingerprint = Self.fingerprint(parent)
    child.index = index
    return child
  }

  /// The first four bytes of the hash of a key that Bitcoin makes addresses of.
  static func fingerprint(_ key: PublicKey) -> [UInt8] {
    [UInt8](RIPEMD160.hash(Cryptography.sha256(key.compressed)).prefix(4))
  }

  /// The text of an extended key, of 78 bytes before Base58.
  func encode(version: [UInt8], key: [UInt8]) -> String {
    Base58Check.encode(
      version + [depth] + parentFingerprint + index.bigEndianBytes + chainCode + key)
  }

  /// The parts of an extended key's text.
  static func decode(
    _ text: String, version: [UInt8]
  ) throws(DerivationError) -> (header: ExtendedKeyHeader, key: [UInt8]) {
    guard let bytes = Base58Check.decode(text, count: 78), bytes.starts(with: version) else {
      throw .invalidExtendedKey
    }
    var header = ExtendedKeyHeader(chainCode: [UInt8](bytes[13..<45]))
    header.depth = bytes[4]
    header.parentFingerprint = [UInt8](bytes[5..<9])
    header.index = bytes[9..<13].reduce(0) { $0 << 8 | UInt32($1) }
    // A master key has no parent and no number.
    if header.depth == 0, header.index != 0 || header.parentFingerprint != [0, 0, 0, 0] {
      throw .invalidExtendedKey
    }
    return (header, [UInt8](bytes[45...]))
  }
}
