internal import Metainfo

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// A set of addresses that tells about how many it has, and can be united with others (BEP 33).
public struct ScrapeFilter: Hashable, Sendable {
  /// How many bytes a filter has.
  public static let byteCount = 256
  private static let bitCount = byteCount * 8

  /// The bits, the lowest of each byte first.
  public private(set) var bytes: [UInt8]

  /// A filter without addresses.
  public init() { bytes = [UInt8](repeating: 0, count: Self.byteCount) }

  /// The filter whose bytes are `bytes`, or nil unless there are exactly 256.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    self.bytes = Array(bytes)
  }

  /// Puts an address in; its port does not count.
  public mutating func insert(_ address: PeerAddress) {
    let hash = SHA1Hash(hashing: address.compact.dropLast(2)).bytes
    for pair in [0, 2] {
      let bit = (Int(hash[pair]) | Int(hash[pair + 1]) << 8) % Self.bitCount
      bytes[bit / 8] |= 1 << UInt8(bit % 8)
    }
  }

  /// Puts in what another has.
  public mutating func formUnion(_ other: ScrapeFilter) {
    for index in bytes.indices { bytes[index] |= other.bytes[index] }
  }

  /// About how many addresses it has.
  public var estimatedCount: Double {
    let unset = bytes.reduce(Self.bitCount) { $0 - $1.nonzeroBitCount }
    let size = Double(Self.bitCount)
    // A full filter says "at least as many as leave one bit unset".
    return log(min(max(Double(unset), 1), size - 1) / size) / (2 * log(1 - 1 / size))
  }
}
