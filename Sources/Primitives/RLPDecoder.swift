/// Why bytes are not the canonical RLP of what they were read as.
public enum RLPError: Error, Hashable, Sendable {
  /// The input ends inside an item.
  case truncated
  /// A length or a single byte has a shorter encoding (Yellow Paper, appendix B).
  case notCanonical
  /// A number has leading zeros.
  case leadingZeros
  /// A list where a string is wanted, or the other way round.
  case unexpectedKind
  /// A string has another length than its type has.
  case wrongLength(expected: Int, actual: Int)
  /// A number does not fit its type.
  case overflow
  /// Bytes follow the last item wanted.
  case trailingBytes
  /// Lists nest deeper than the reader allows.
  case tooDeep
}

extension RLPError: CustomStringConvertible {
  /// The cause in words.
  public var description: String {
    switch self {
    case .truncated: "RLP input ends inside an item"
    case .notCanonical: "RLP item is not in its shortest form"
    case .leadingZeros: "RLP number has leading zeros"
    case .unexpectedKind: "RLP has a list where a string is wanted, or a string for a list"
    case .wrongLength(let expected, let actual):
      "RLP string has \(actual) bytes, want \(expected)"
    case .overflow: "RLP number is too large"
    case .trailingBytes: "RLP has trailing bytes"
    case .tooDeep: "RLP lists nest too deep"
    }
  }
}

/// Reads the items of one RLP list or sequence, strictly: canonical forms only.
///
/// It copies nothing and allocates nothing but what a caller asks for, and a length is checked
/// against the bytes that are there before it is used.
public struct RLPDecoder: Sendable {
  private let bytes: [UInt8]
  /// The index of the next item's first byte.
  public private(set) var position: Int
  private let end: Int

  /// A reader over the items in `bytes`.
  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
    position = 0
    end = bytes.count
  }

  /// A reader over the items in a part of an array.
  public init(_ bytes: ArraySlice<UInt8>) {
    self.init([UInt8](bytes))
  }

  private init(bytes: [UInt8], range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  /// The reader of the one list that `bytes` encode, with nothing after it.
  public static func list(_ bytes: [UInt8]) throws(RLPError) -> RLPDecoder {
    var outer = RLPDecoder(bytes)
    let inner = try outer.readList()
    try outer.finish()
    return inner
  }

  /// Whether no item is left.
  public var isAtEnd: Bool { position == end }

  /// Whether the next item is a list; false at the end.
  public var isNextList: Bool { position < end && bytes[position] >= 0xc0 }

  /// Throws unless all items were read.
  public func finish() throws(RLPError) {
    guard isAtEnd else { throw .trailingBytes }
  }

  /// The next item's payload and whether it is a list; moves past it.
  private mutating func next() throws(RLPError) -> (isList: Bool, payload: Range<Int>) {
    guard position < end else { throw .truncated }
    let first = bytes[position]
    let isList = first >= 0xc0
    if first < 0x80 {
      defer { position += 1 }
      return (false, position..<(position + 1))
    }
    let short = isList ? first - 0xc0 : first - 0x80
    var start = position + 1
    var count = Int(short)
    if short > 55 {
      let size = Int(short - 55)
      guard end - start >= size else { throw .truncated }
      guard bytes[start] != 0 else { throw .notCanonical }
      var length: UInt64 = 0
      for byte in bytes[start..<(start + size)] { length = length << 8 | UInt64(byte) }
      guard length > 55 else { throw .notCanonical }
      start += size
      guard length <= UInt64(end - start) else { throw .truncated }
      count = Int(length)
    }
    guard end - start >= count else { throw .truncated }
    if !isList, count == 1, bytes[start] < 0x80 { throw .notCanonical }
    position = start + count
    return (isList, start..<position)
  }

  /// The next item, which must be a string.
  public mutating func readString() throws(RLPError) -> ArraySlice<UInt8> {
    let item = try next()
    guard !item.isList else { throw .unexpectedKind }
    return bytes[item.payload]
  }

  /// The next item, which must be a string, as an array.
  public mutating func readBytes() throws(RLPError) -> [UInt8] { [UInt8](try readString()) }

  /// The reader of the next item, which must be a list.
  public mutating func readList() throws(RLPError) -> RLPDecoder {
    let item = try next()
    guard item.isList else { throw .unexpectedKind }
    return RLPDecoder(bytes: bytes, range: item.payload)
  }

  /// The whole encoding of the next item, header included.
  public mutating func readEncodedItem() throws(RLPError) -> ArraySlice<UInt8> {
    let start = position
    _ = try next()
    return bytes[start..<position]
  }

  /// The next item as a number of up to 64 bits.
  public mutating func readUInt64() throws(RLPError) -> UInt64 {
    let string = try readString()
    guard string.first != 0 else { throw .leadingZeros }
    guard string.count <= 8 else { throw .overflow }
    return string.reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The next item as a number of up to 256 bits.
  public mutating func readUInt256() throws(RLPError) -> UInt256 {
    let string = try readString()
    guard string.first != 0 else { throw .leadingZeros }
    guard let value = UInt256(bigEndian: string) else { throw .overflow }
    return value
  }

  /// The next item as 32 bytes.
  public mutating func readHash() throws(RLPError) -> Hash256 {
    let string = try readString()
    guard let hash = Hash256(string) else {
      throw .wrongLength(expected: 32, actual: string.count)
    }
    return hash
  }

  /// The next item as 20 bytes.
  public mutating func readAddress() throws(RLPError) -> Address {
    let string = try readString()
    guard let address = Address(string) else {
      throw .wrongLength(expected: 20, actual: string.count)
    }
    return address
  }
}
