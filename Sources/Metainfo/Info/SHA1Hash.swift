internal import Crypto
public import Primitives

/// A 20-byte SHA-1 digest: a v1 infohash, a piece's hash, or a truncated v2 infohash.
@frozen
public struct SHA1Hash: Hashable, Sendable {
  // The bytes lie in memory in order, so that a pointer to the value is a pointer to them.
  @usableFromInline var words: (UInt32, UInt32, UInt32, UInt32, UInt32)

  /// Twenty zero bytes.
  public static let zero = SHA1Hash()

  /// How many bytes a hash has.
  public static let byteCount = 20

  @inlinable init() { words = (0, 0, 0, 0, 0) }

  /// The hash whose bytes are `bytes`, or nil unless there are exactly 20.
  @inlinable public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 20 else { return nil }
    self.init()
    Swift.withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
  }

  /// Reads 40 hex digits, with or without `0x`.
  public init(hex: some StringProtocol) throws(HexError) {
    let bytes = try Hex.decode(hex, count: 20)
    self.init()
    Swift.withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
  }

  /// The first 20 bytes of a longer hash, as a v2 infohash stands on the wire (BEP 52).
  public init(truncating hash: Hash256) {
    self.init()
    hash.withUnsafeBytes { bytes in
      Swift.withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes.prefix(20)) }
    }
  }

  /// The SHA-1 digest of `bytes`.
  public init(hashing bytes: some Sequence<UInt8>) {
    var hasher = Insecure.SHA1()
    if bytes.withContiguousStorageIfAvailable({ hasher.update(bufferPointer: .init($0)) }) == nil {
      [UInt8](bytes).withUnsafeBytes { hasher.update(bufferPointer: $0) }
    }
    self.init(hasher.finalize())
  }

  init(_ digest: Insecure.SHA1Digest) {
    self.init()
    digest.withUnsafeBytes { bytes in
      Swift.withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
    }
  }

  /// The 20 bytes.
  @inlinable public var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }

  /// Forty lower-case hex digits, without a prefix, as torrents' hashes are written.
  public var hex: String { withUnsafeBytes { Hex.encode($0, prefix: false) } }

  /// Calls `body` with the 20 bytes in place.
  @inlinable public func withUnsafeBytes<R>(
    _ body: (UnsafeRawBufferPointer) throws -> R
  ) rethrows -> R {
    try Swift.withUnsafeBytes(of: words, body)
  }

  /// Whether both have the same bytes.
  @inlinable public static func == (left: SHA1Hash, right: SHA1Hash) -> Bool {
    left.words == right.words
  }

  /// Feeds the bytes to `hasher`.
  @inlinable public func hash(into hasher: inout Hasher) {
    withUnsafeBytes { hasher.combine(bytes: $0) }
  }
}

extension SHA1Hash: Comparable {
  /// Big-endian order.
  public static func < (left: SHA1Hash, right: SHA1Hash) -> Bool {
    left.withUnsafeBytes { left in
      right.withUnsafeBytes { right in left.lexicographicallyPrecedes(right) }
    }
  }
}

extension SHA1Hash: CustomStringConvertible {
  /// Forty lower-case hex digits.
  public var description: String { hex }
}
