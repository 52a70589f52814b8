public import Primitives

/// A place in a trie: up to 64 nibbles from the root, without heap storage.
///
/// Paths are ordered as a walk in pre-order meets them: a path, then all below it, then its next
/// sibling.
public struct TriePath: Hashable, Sendable {
  /// The most nibbles a path has: those of a 32-byte key.
  public static let maximumCount = 64

  /// The path of no nibbles.
  public static let root = TriePath(.zero, count: 0)

  // Nibbles past the count are zero, so that equality and order may look at whole words.
  private(set) var bits: Hash256
  private var length: UInt8

  /// The first `count` nibbles of `key`, at most 64.
  public init(_ key: Hash256, count: Int = TriePath.maximumCount) {
    let count = min(max(count, 0), Self.maximumCount)
    bits = key
    length = UInt8(truncatingIfNeeded: count)
    guard count < Self.maximumCount else { return }
    withUnsafeMutableBytes(of: &bits) { bytes in
      var index = count / 2
      if count % 2 == 1 {
        bytes[index] &= 0xf0
        index += 1
      }
      while index < 32 {
        bytes[index] = 0
        index += 1
      }
    }
  }

  /// The nibbles of up to 32 bytes, or nil if there are more.
  init?(bytes key: [UInt8]) {
    guard key.count <= 32 else { return nil }
    bits = Hash256 { $0.copyBytes(from: key) }
    length = UInt8(truncatingIfNeeded: key.count * 2)
  }

  /// The path that a store's key spells, or nil if that is none.
  public init?(storeKey: some Collection<UInt8>) {
    guard storeKey.count <= Self.maximumCount else { return nil }
    self = .root
    for nibble in storeKey {
      guard nibble < 16 else { return nil }
      append(nibble)
    }
  }

  /// The key of this path in a store: one byte for each nibble, so that keys sort as paths do.
  public var storeKey: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in 0..<count { buffer[index] = self[index] }
      initialized = count
    }
  }

  /// The number of nibbles.
  public var count: Int { Int(length) }

  /// The nibble at `index`, which must be below `count`.
  public subscript(index: Int) -> UInt8 { bits.nibble(at: index) }

  /// The first `count` nibbles.
  public func prefix(_ count: Int) -> TriePath {
    count >= self.count ? self : TriePath(bits, count: count)
  }

  /// This path and one nibble more; a path of 64 stays as it is.
  public func appending(_ nibble: UInt8) -> TriePath {
    var path = self
    path.append(nibble)
    return path
  }

  mutating func append(_ nibble: UInt8) {
    let index = count
    guard index < Self.maximumCount else { return }
    let bits = index % 2 == 0 ? nibble << 4 : nibble & 15
    withUnsafeMutableBytes(of: &self.bits) { $0[index / 2] |= bits }
    length += 1
  }

  /// Whether `key` lies at or below this path.
  public func isPrefix(of key: Hash256) -> Bool {
    commonPrefixCount(with: TriePath(key)) == count
  }

  /// How many nibbles the two paths share from the start.
  func commonPrefixCount(with other: TriePath) -> Int {
    let limit = min(count, other.count)
    let same = bits.withUnsafeBytes { left in
      other.bits.withUnsafeBytes { right in
        for offset in stride(from: 0, to: 32, by: 8) {
          let difference =
            left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            ^ right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
          if difference != 0 {
            return offset * 2 + difference.bigEndian.leadingZeroBitCount / 4
          }
        }
        return Self.maximumCount
      }
    }
    return min(same, limit)
  }
}

extension TriePath: Comparable {
  /// Pre-order.
  public static func < (left: TriePath, right: TriePath) -> Bool {
    left.bits == right.bits ? left.length < right.length : left.bits < right.bits
  }
}

extension TriePath: CustomStringConvertible {
  /// The nibbles as hex digits, with `0x`.
  public var description: String {
    "0x" + (0..<count).map { String(self[$0], radix: 16) }.joined()
  }
}

extension Hash256 {
  /// The nibble at `index`, 0 to 63, the high half of a byte first.
  func nibble(at index: Int) -> UInt8 {
    let byte = self[index >> 1]
    return index & 1 == 0 ? byte >> 4 : byte & 15
  }
}
