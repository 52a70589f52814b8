/// Reads ABI values one after the other, strictly, without building a tree of them.
///
/// Values of static types are read in place. `readTail`, `readBytes`, `readString` and `readArray`
/// follow the offset that stands for a dynamic one. Bits outside a value's type are an error, as
/// they are to Solidity; bytes behind the last value, and padding behind a byte string, are not.
public struct ABIReader: Sendable {
  private let bytes: [UInt8]
  // Offsets count from here: where the enclosing tuple or array begins.
  private let base: Int
  /// The index of the next value's first byte.
  public private(set) var position: Int

  /// A reader of the values encoded in `bytes` from the index `start` on: from 4 on in call data.
  public init(_ bytes: [UInt8], from start: Int = 0) {
    self.bytes = bytes
    base = min(max(start, 0), bytes.count)
    position = base
  }

  private init(bytes: [UInt8], base: Int) {
    self.bytes = bytes
    self.base = base
    position = base
  }

  /// The function selector that call data begin with, and a reader of what follows.
  public static func call(_ data: [UInt8]) throws(ABIError) -> (
    selector: UInt32, arguments: ABIReader
  ) {
    guard data.count >= 4 else { throw .truncated }
    return (data[..<4].reduce(0) { $0 << 8 | UInt32($1) }, ABIReader(data, from: 4))
  }

  /// How many bytes there are from the next value to the end of the data.
  public var remaining: Int { bytes.count - position }

  /// The next word as it is.
  public mutating func readWord() throws(ABIError) -> Hash256 {
    guard remaining >= 32, let word = Hash256(bytes[position..<(position + 32)]) else {
      throw .truncated
    }
    position += 32
    return word
  }

  /// The next value, a `bytes32`.
  public mutating func readHash() throws(ABIError) -> Hash256 { try readWord() }

  /// The next value, a `uint256`.
  public mutating func readUInt256() throws(ABIError) -> UInt256 { UInt256(try readWord()) }

  /// The next value, an unsigned number of so many bits.
  public mutating func readUInt256(bits: Int) throws(ABIError) -> UInt256 {
    let value = try readUInt256()
    guard value.bitWidth <= bits else { throw .outOfRange(type: "uint\(bits)") }
    return value
  }

  /// The next value, a `uint64`.
  public mutating func readUInt64() throws(ABIError) -> UInt64 {
    guard let value = UInt64(exactly: try readUInt256()) else {
      throw .outOfRange(type: "uint64")
    }
    return value
  }

  /// The next value, a signed number of so many bits, in two's complement.
  public mutating func readInt(bits: Int) throws(ABIError) -> UInt256 {
    let value = try readUInt256()
    guard value.isSigned(bits: bits) else { throw .outOfRange(type: "int\(bits)") }
    return value
  }

  /// The next value, an `address`.
  public mutating func readAddress() throws(ABIError) -> Address {
    let word = try readWord()
    guard UInt256(word).bitWidth <= 160 else { throw .outOfRange(type: "address") }
    return Address(truncating: word)
  }

  /// The next value, a `bool`.
  public mutating func readBool() throws(ABIError) -> Bool {
    let value = try readUInt256()
    guard value <= .one else { throw .outOfRange(type: "bool") }
    return !value.isZero
  }

  /// The next value, a byte string of a fixed length of at most 32.
  public mutating func readFixedBytes(_ count: Int) throws(ABIError) -> [UInt8] {
    let word = try readWord()
    guard (0...32).contains(count), (UInt256(word) << (8 * count)).isZero else {
      throw .outOfRange(type: "bytes\(count)")
    }
    return word.withUnsafeBytes { [UInt8]($0[..<count]) }
  }

  /// A reader of the dynamic value that the next word is the offset of.
  public mutating func readTail() throws(ABIError) -> ABIReader {
    guard let offset = UInt64(exactly: try readUInt256()), offset <= UInt64(bytes.count - base)
    else { throw .offsetOutOfBounds }
    return ABIReader(bytes: bytes, base: base + Int(offset))
  }

  /// The next value, a `bytes` of at most `maximumCount`.
  public mutating func readBytes(maximumCount: Int = .max) throws(ABIError) -> [UInt8] {
    var tail = try readTail()
    let count = try tail.readCount(maximum: maximumCount)
    guard count <= tail.remaining else { throw .truncated }
    return [UInt8](bytes[tail.position..<(tail.position + count)])
  }

  /// The next value, a `string` of at most `maximumCount` bytes.
  public mutating func readString(maximumCount: Int = .max) throws(ABIError) -> String {
    guard let string = String(validating: try readBytes(maximumCount: maximumCount), as: UTF8.self)
    else { throw .invalidUTF8 }
    return string
  }

  /// The next value, an array: the number of elements, and a reader of them.
  ///
  /// It is an error for there to be more than `maximumCount` elements, or more than the data have
  /// room for when each takes up `elementSize` bytes: 32 unless it is a static tuple or array.
  public mutating func readArray(
    maximumCount: Int = .max, elementSize: Int = 32
  ) throws(ABIError) -> (count: Int, elements: ABIReader) {
    var tail = try readTail()
    let count = try tail.readCount(maximum: maximumCount)
    guard count <= tail.remaining / max(elementSize, 1) else { throw .truncated }
    return (count, ABIReader(bytes: bytes, base: tail.position))
  }

  private mutating func readCount(maximum: Int) throws(ABIError) -> Int {
    guard let count = UInt64(exactly: try readUInt256()), count <= UInt64(max(maximum, 0)) else {
      throw .tooLarge
    }
    return Int(count)
  }
}

extension UInt256 {
  /// Whether this is the two's complement of a number of so many bits.
  func isSigned(bits: Int) -> Bool {
    let top = self >> (bits - 1)
    return top.isZero || top == .max >> (bits - 1)
  }
}
