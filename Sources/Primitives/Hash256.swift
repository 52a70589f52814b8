/// A 32-byte hash or storage word, compared and ordered as a big-endian byte string.
@frozen
public struct Hash256: Hashable, Sendable {
  // The bytes lie in memory in order, so that a pointer to the value is a pointer to them.
  @usableFromInline var word0: UInt64
  @usableFromInline var word1: UInt64
  @usableFromInline var word2: UInt64
  @usableFromInline var word3: UInt64

  /// Thirty-two zero bytes.
  public static let zero = Hash256()

  @inlinable init() {
    word0 = 0
    word1 = 0
    word2 = 0
    word3 = 0
  }

  /// The hash whose bytes are `bytes`, or nil unless there are exactly 32.
  @inlinable public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    self.init()
    withUnsafeMutableBytes(of: &self) { $0.copyBytes(from: bytes) }
  }

  /// Reads 32 digits pairs, with or without `0x`.
  public init(hex: some StringProtocol) throws(HexError) {
    let bytes = try Hex.decode(hex, count: 32)
    self.init()
    withUnsafeMutableBytes(of: &self) { $0.copyBytes(from: bytes) }
  }

  /// A hash filled by `body`, which gets 32 zero bytes to write to.
  @inlinable package init(filling body: (UnsafeMutableRawBufferPointer) -> Void) {
    self.init()
    withUnsafeMutableBytes(of: &self) { body($0) }
  }

  /// The 32 bytes.
  @inlinable public var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }

  /// Lower-case hex with `0x`.
  public var hex: String { withUnsafeBytes { Hex.encode($0) } }

  /// Whether every byte is zero.
  @inlinable public var isZero: Bool { word0 | word1 | word2 | word3 == 0 }

  /// Calls `body` with the 32 bytes in place.
  @inlinable public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows
    -> R
  {
    try Swift.withUnsafeBytes(of: self, body)
  }

  /// The byte at `index`, 0 to 31.
  @inlinable package subscript(index: Int) -> UInt8 { withUnsafeBytes { $0[index] } }
}

extension Hash256: Comparable {
  /// Big-endian order.
  @inlinable public static func < (left: Hash256, right: Hash256) -> Bool {
    if left.word0 != right.word0 { return left.word0.bigEndian < right.word0.bigEndian }
    if left.word1 != right.word1 { return left.word1.bigEndian < right.word1.bigEndian }
    if left.word2 != right.word2 { return left.word2.bigEndian < right.word2.bigEndian }
    return left.word3.bigEndian < right.word3.bigEndian
  }
}

extension Hash256: CustomStringConvertible {
  /// Lower-case hex with `0x`.
  public var description: String { hex }
}
