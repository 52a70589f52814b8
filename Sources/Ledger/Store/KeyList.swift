/// A list of keys in one row: two bytes of length before each.
struct KeyList {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ key: [UInt8]) {
    bytes.append(UInt8(truncatingIfNeeded: key.count >> 8))
    bytes.append(UInt8(truncatingIfNeeded: key.count))
    bytes.append(contentsOf: key)
  }

  mutating func append(_ other: KeyList) { bytes += other.bytes }

  /// The keys of a row; ends early at damage, which then only leaves rows behind that nobody reads.
  static func keys(in bytes: [UInt8]) -> [[UInt8]] {
    var keys: [[UInt8]] = []
    var offset = 0
    while offset + 2 <= bytes.count {
      let count = Int(bytes[offset]) << 8 | Int(bytes[offset + 1])
      guard offset + 2 + count <= bytes.count else { break }
      keys.append([UInt8](bytes[(offset + 2)..<(offset + 2 + count)]))
      offset += 2 + count
    }
    return keys
  }

  /// The keys of a row, or nil when it is damaged.
  static func allKeys(in bytes: [UInt8]) -> [[UInt8]]? {
    let keys = keys(in: bytes)
    return keys.reduce(0) { $0 + 2 + $1.count } == bytes.count ? keys : nil
  }
}
