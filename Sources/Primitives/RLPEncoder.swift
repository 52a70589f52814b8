/// Writes RLP (Yellow Paper, appendix B).
public struct RLPEncoder: Sendable {
  /// What has been written.
  public private(set) var bytes: [UInt8] = []

  /// An empty encoder.
  public init() {}

  /// An empty encoder with room for `capacity` bytes.
  public init(capacity: Int) { bytes.reserveCapacity(capacity) }

  /// The encoding of one list with what `body` writes.
  public static func list(_ body: (inout RLPEncoder) throws -> Void) rethrows -> [UInt8] {
    var encoder = RLPEncoder()
    try encoder.list(body)
    return encoder.bytes
  }

  /// Appends a byte string.
  public mutating func append(_ string: [UInt8]) {
    string.withUnsafeBufferPointer { append($0) }
  }

  /// Appends a byte string.
  public mutating func append(_ string: some Collection<UInt8>) {
    let count = string.count
    if count == 1, let byte = string.first, byte < 0x80 {
      bytes.append(byte)
      return
    }
    appendHeader(offset: 0x80, count: count)
    bytes.append(contentsOf: string)
  }

  /// Appends a number as its shortest big-endian bytes.
  public mutating func append(_ value: UInt64) {
    if value == 0 {
      bytes.append(0x80)
    } else if value < 0x80 {
      bytes.append(UInt8(value))
    } else {
      let count = 8 - value.leadingZeroBitCount / 8
      bytes.append(0x80 + UInt8(count))
      appendBigEndian(value, count: count)
    }
  }

  /// Appends a number as its shortest big-endian bytes.
  public mutating func append(_ value: UInt256) {
    if let small = UInt64(exactly: value) {
      append(small)
    } else {
      let count = (value.bitWidth + 7) / 8
      bytes.append(0x80 + UInt8(count))
      value.word.withUnsafeBytes { bytes.append(contentsOf: $0[(32 - count)...]) }
    }
  }

  /// Appends a 32-byte string.
  public mutating func append(_ hash: Hash256) {
    bytes.append(0xa0)
    hash.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  /// Appends a 20-byte string.
  public mutating func append(_ address: Address) {
    bytes.append(0x94)
    address.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  /// Appends bytes that are RLP already.
  public mutating func append(encoded bytes: [UInt8]) { self.bytes += bytes }

  /// Appends bytes that are RLP already.
  public mutating func append(encoded: some Collection<UInt8>) {
    bytes.append(contentsOf: encoded)
  }

  /// Appends a list of what `body` writes.
  public mutating func list(_ body: (inout RLPEncoder) throws -> Void) rethrows {
    // The header's length depends on the payload's: leave one byte, as most lists are short, and
    // make room for the rest afterwards.
    let start = bytes.count
    bytes.append(0xc0)
    try body(&self)
    let count = bytes.count - start - 1
    if count < 56 {
      bytes[start] = 0xc0 + UInt8(count)
      return
    }
    let size = (64 - UInt64(count).leadingZeroBitCount + 7) / 8
    bytes[start] = 0xf7 + UInt8(size)
    for _ in 0..<size { bytes.append(0) }
    bytes.withUnsafeMutableBytes { bytes in
      let payload = UnsafeRawBufferPointer(rebasing: bytes[(start + 1)..<(start + 1 + count)])
      UnsafeMutableRawBufferPointer(rebasing: bytes[(start + 1 + size)...])
        .copyMemory(from: payload)
      for index in 0..<size {
        bytes[start + 1 + index] = UInt8(truncatingIfNeeded: count >> (8 * (size - 1 - index)))
      }
    }
  }

  /// The length of a string's or list's encoding with a payload of `count` bytes, not counting
  /// the case of a single small byte, which is its own encoding.
  package static func encodedCount(payload count: Int) -> Int {
    count < 56 ? 1 + count : 1 + (64 - UInt64(count).leadingZeroBitCount + 7) / 8 + count
  }

  private mutating func appendHeader(offset: UInt8, count: Int) {
    if count < 56 {
      bytes.append(offset + UInt8(count))
    } else {
      let size = (64 - UInt64(count).leadingZeroBitCount + 7) / 8
      bytes.append(offset + 55 + UInt8(size))
      appendBigEndian(UInt64(count), count: size)
    }
  }

  private mutating func appendBigEndian(_ value: UInt64, count: Int) {
    for index in (0..<count).reversed() {
      bytes.append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))))
    }
  }
}
