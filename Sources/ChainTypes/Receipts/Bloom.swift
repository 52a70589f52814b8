public import Primitives

/// The 2 048-bit filter of a block's or receipt's log addresses and topics (Yellow Paper
/// section 4.3.1).
public struct Bloom: Hashable, Sendable {
  /// The 256 bytes.
  public private(set) var bytes: [UInt8]

  /// The filter of nothing.
  public static let empty = Bloom()

  private init() { bytes = [UInt8](repeating: 0, count: 256) }

  /// The filter with these bytes, or nil unless there are 256.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 256 else { return nil }
    self.bytes = [UInt8](bytes)
  }

  /// The filter of `logs`.
  public init(_ logs: [Log]) {
    self = .empty
    for log in logs {
      insert(Keccak256.hash(log.address))
      for topic in log.topics { insert(Keccak256.hash(topic)) }
    }
  }

  /// Whether nothing is in it.
  public var isEmpty: Bool { self == .empty }

  /// Adds all that `other` has.
  public mutating func formUnion(_ other: Bloom) {
    for index in bytes.indices { bytes[index] |= other.bytes[index] }
  }

  /// Whether it may hold `address`; false is certain.
  public func mayContain(_ address: Address) -> Bool { mayContain(hash: Keccak256.hash(address)) }

  /// Whether it may hold `topic`; false is certain.
  public func mayContain(_ topic: Hash256) -> Bool { mayContain(hash: Keccak256.hash(topic)) }

  /// Whether it may hold the entry whose Keccak hash is `hash`; false is certain.
  package func mayContain(hash: Hash256) -> Bool {
    bytes.withUnsafeBytes { Self.mayContain(hash: hash, in: $0) }
  }

  /// The same of a filter's 256 bytes in place; false of any other number of bytes.
  package static func mayContain(hash: Hash256, in bytes: UnsafeRawBufferPointer) -> Bool {
    guard bytes.count == 256 else { return false }
    for pair in 0..<3 {
      let bit = bit(pair, of: hash)
      if bytes[255 - bit / 8] & (1 << (bit % 8)) == 0 { return false }
    }
    return true
  }

  private mutating func insert(_ hash: Hash256) {
    for pair in 0..<3 {
      let bit = Self.bit(pair, of: hash)
      bytes[255 - bit / 8] |= 1 << (bit % 8)
    }
  }

  private static func bit(_ pair: Int, of hash: Hash256) -> Int {
    (Int(hash[2 * pair]) << 8 | Int(hash[2 * pair + 1])) & 2_047
  }
}
