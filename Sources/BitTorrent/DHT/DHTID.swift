public import Metainfo

/// A point of the key space that nodes and torrents share: a node's id, or an infohash (BEP 5).
public struct DHTID: Hashable, Sendable {
  let high: UInt64
  let middle: UInt64
  let low: UInt32

  /// How many bytes an id has.
  public static let byteCount = 20
  /// How many bits an id has.
  static let bitCount = 160

  init(high: UInt64, middle: UInt64, low: UInt32) {
    self.high = high
    self.middle = middle
    self.low = low
  }

  /// The id whose bytes are `bytes`, or nil unless there are exactly 20.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
    for (index, byte) in bytes.enumerated() {
      switch index {
      case 0..<8: words.0 = words.0 << 8 | UInt64(byte)
      case 8..<16: words.1 = words.1 << 8 | UInt64(byte)
      default: words.2 = words.2 << 8 | UInt64(byte)
      }
    }
    self.init(high: words.0, middle: words.1, low: UInt32(truncatingIfNeeded: words.2))
  }

  /// The point where a torrent's peers are kept.
  public init(_ infoHash: SHA1Hash) {
    self = infoHash.withUnsafeBytes { DHTID($0) } ?? DHTID(high: 0, middle: 0, low: 0)
  }

  /// Any id, each as likely as another.
  public init(using random: inout some RandomNumberGenerator) {
    self.init(high: random.next(), middle: random.next(), low: random.next())
  }

  /// The 20 bytes.
  public var bytes: [UInt8] {
    withUnsafeBytes(of: high.bigEndian) { [UInt8]($0) }
      + withUnsafeBytes(of: middle.bigEndian) { [UInt8]($0) }
      + withUnsafeBytes(of: low.bigEndian) { [UInt8]($0) }
  }

  /// The bytes as an infohash.
  public var infoHash: SHA1Hash { SHA1Hash(bytes) ?? .zero }

  /// How far two ids are from each other: their difference by exclusive or, to be compared.
  public func distance(to other: DHTID) -> DHTID {
    DHTID(high: high ^ other.high, middle: middle ^ other.middle, low: low ^ other.low)
  }

  /// How many bits both have in common at their beginning.
  public func commonBits(with other: DHTID) -> Int {
    let distance = distance(to: other)
    if distance.high != 0 { return distance.high.leadingZeroBitCount }
    if distance.middle != 0 { return 64 + distance.middle.leadingZeroBitCount }
    return 128 + distance.low.leadingZeroBitCount
  }

  /// Any id that has exactly `bits` bits in common with this one, which are fewer than 160.
  func sibling(atBit bits: Int, using random: inout some RandomNumberGenerator) -> DHTID {
    let noise = DHTID(using: &random)
    // Own bits in front, the next one turned, chance behind.
    func word<Word: FixedWidthInteger & UnsignedInteger>(
      _ own: Word, _ noise: Word, from start: Int
    ) -> Word {
      let kept = bits - start
      if kept < 0 { return noise }
      if kept >= Word.bitWidth { return own }
      let turned: Word = 1 << Word(Word.bitWidth - 1 - kept)
      let behind = turned &- 1
      return (own ^ turned) & ~behind | noise & behind
    }
    return DHTID(
      high: word(high, noise.high, from: 0), middle: word(middle, noise.middle, from: 64),
      low: word(low, noise.low, from: 128))
  }
}

extension DHTID: Comparable {
  /// Big-endian order.
  public static func < (left: DHTID, right: DHTID) -> Bool {
    (left.high, left.middle, left.low) < (right.high, right.middle, right.low)
  }
}

extension DHTID: CustomStringConvertible {
  /// Forty lower-case hex digits.
  public var description: String { infoHash.hex }
}
