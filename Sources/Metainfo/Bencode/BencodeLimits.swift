/// What reading bencoding may cost.
public struct BencodeLimits: Sendable {
  /// Bytes in all.
  public var byteCount: Int
  /// Levels of lists and dictionaries.
  public var depth: Int
  /// Values in all, keys counted; each takes 16 bytes while the document lives.
  public var valueCount: Int

  /// The given limits; the defaults are those of a `.torrent` file.
  public init(byteCount: Int = 10_000_000, depth: Int = 100, valueCount: Int = 3_000_000) {
    // Offsets are kept in 32 bits.
    self.byteCount = min(byteCount, Int(UInt32.max))
    self.depth = depth
    self.valueCount = valueCount
  }

  /// The limits of a `.torrent` file: 10 MB, 100 levels, 3 000 000 values.
  public static let metainfo = BencodeLimits()

  /// The limits of a message of a peer or tracker: 2 MiB, 16 levels, 100 000 values.
  public static let message = BencodeLimits(byteCount: 2 << 20, depth: 16, valueCount: 100_000)
}
