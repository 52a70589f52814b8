/// Puts and deletes that a store applies together, in order, whole or not at all.
public struct WriteBatch: Sendable {
  /// The most bytes a store takes in one batch: 256 MiB.
  public static let maximumByteCount = 1 << 28

  // Per record: the key's length, the value's length or `deletion`, the key, the value; lengths as
  // native integers, for the bytes never leave the process.
  private var bytes: [UInt8]
  private static let deletion = -1
  private static let headerSize = 2 * MemoryLayout<Int>.size

  /// How many puts and deletes the batch holds.
  public private(set) var count = 0

  /// An empty batch with room for `capacity` bytes of keys and values.
  public init(reservingCapacity capacity: Int = 0) {
    bytes = []
    bytes.reserveCapacity(capacity)
  }

  /// Whether the batch would change nothing.
  public var isEmpty: Bool { count == 0 }

  /// How many bytes the batch takes in memory, about what its log record takes on disk.
  public var byteCount: Int { bytes.count }

  /// Sets the value of `key`.
  public mutating func put(_ key: [UInt8], _ value: [UInt8]) {
    key.withBytes { key in value.withBytes { append(key, $0, $0.count) } }
  }

  /// Sets the value of the key whose bytes are `key`.
  public mutating func put(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
    append(key, value, value.count)
  }

  /// Removes `key`, if it is there.
  public mutating func delete(_ key: [UInt8]) {
    key.withBytes { delete($0) }
  }

  /// Removes the key whose bytes are `key`, if it is there.
  public mutating func delete(_ key: UnsafeRawBufferPointer) {
    append(key, UnsafeRawBufferPointer(start: nil, count: 0), Self.deletion)
  }

  /// Empties the batch and keeps its memory for the next records.
  public mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    count = 0
  }

  /// Adds the records of `other` after those of this batch.
  public mutating func append(_ other: WriteBatch) {
    bytes += other.bytes
    count += other.count
  }

  /// Calls `body` with each record in order; the value is nil for a delete.
  ///
  /// The bytes are valid only during the call.
  public func forEach<E: Error>(
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) throws(E) -> Void
  ) throws(E) {
    try bytes.withBytes { all throws(E) in
      var offset = 0
      while offset < all.count {
        let keyLength = all.loadUnaligned(fromByteOffset: offset, as: Int.self)
        let valueLength = all.loadUnaligned(
          fromByteOffset: offset + MemoryLayout<Int>.size, as: Int.self)
        let keyStart = offset + Self.headerSize
        let valueStart = keyStart + keyLength
        let key = UnsafeRawBufferPointer(rebasing: all[keyStart..<valueStart])
        if valueLength == Self.deletion {
          try body(key, nil)
          offset = valueStart
        } else {
          offset = valueStart + valueLength
          try body(key, UnsafeRawBufferPointer(rebasing: all[valueStart..<offset]))
        }
      }
    }
  }

  private mutating func append(
    _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ valueLength: Int
  ) {
    withUnsafeBytes(of: (key.count, valueLength)) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: key)
    bytes.append(contentsOf: value)
    count += 1
  }
}
