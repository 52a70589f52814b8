internal import ChainTypes
internal import Primitives

/// Writes a row: fixed fields one after the other, numbers big-endian.
struct RowWriter {
  private(set) var bytes: [UInt8]

  /// A row that begins with the version of its layout.
  init(version: UInt8, capacity: Int = 96) {
    bytes = []
    bytes.reserveCapacity(capacity)
    bytes.append(version)
  }

  mutating func append(_ number: some FixedWidthInteger & Sendable) {
    withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func append(_ address: Address) {
    address.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  mutating func append(_ hash: Hash256) { hash.withUnsafeBytes { bytes.append(contentsOf: $0) } }

  mutating func append(_ raw: [UInt8]) { bytes += raw }

  /// A byte string of up to 2^32 − 1 bytes with its length in front.
  mutating func append(counted raw: [UInt8]) {
    append(UInt32(truncatingIfNeeded: raw.count))
    bytes += raw
  }
}

/// Why bytes are not a row.
package enum RowError: Error, Hashable {
  /// The version of the layout is unknown.
  case version
  /// The row is too short, too long, or holds a value that can't be.
  case malformed
}

/// Reads a row strictly: nothing may be left over.
struct RowReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8], version: UInt8) throws(RowError) {
    guard bytes.first == version else { throw .version }
    rest = bytes.dropFirst()
  }

  mutating func read(_ count: Int) throws(RowError) -> ArraySlice<UInt8> {
    guard count >= 0, count <= rest.count else { throw .malformed }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func read<Number: FixedWidthInteger & UnsignedInteger>(
    _ type: Number.Type = Number.self
  ) throws(RowError) -> Number {
    try read(Number.bitWidth / 8).reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
  }

  mutating func readAddress() throws(RowError) -> Address {
    guard let address = Address(try read(20)) else { throw .malformed }
    return address
  }

  mutating func readHash() throws(RowError) -> Hash256 {
    guard let hash = Hash256(try read(32)) else { throw .malformed }
    return hash
  }

  mutating func readCounted(maximum: Int) throws(RowError) -> [UInt8] {
    let count = Int(try read(UInt32.self))
    guard count <= maximum else { throw .malformed }
    return [UInt8](try read(count))
  }

  func finish() throws(RowError) {
    guard rest.isEmpty else { throw .malformed }
  }
}
