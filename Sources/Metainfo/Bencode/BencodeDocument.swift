/// Bencoded bytes, read once and indexed in place (BEP 3).
///
/// Nothing is copied out of the bytes: each value is 16 bytes of index into them. Reading is
/// iterative, so that nesting costs no stack. What other writers of torrents get wrong without
/// harm is let through: unordered and repeated keys, leading zeros. ``BencodeValue/isCanonical``
/// tells, for those whom it concerns.
public struct BencodeDocument: Sendable {
  /// The bytes that were read.
  public let bytes: [UInt8]
  /// How many of them the value takes.
  public let byteCount: Int

  let tokens: [Token]

  /// One value: where it lies, and what.
  struct Token: Sendable {
    enum Kind: UInt8, Sendable { case integer, string, list, dictionary }

    var start: UInt32
    var end: UInt32
    // The index of the token after this value and all that is in it.
    var next: UInt32
    // For a string: how many bytes stand before its first.
    var header: UInt8
    var kind: Kind
  }

  /// Reads one value that takes all of `bytes`.
  public init(_ bytes: [UInt8], limits: BencodeLimits = .metainfo) throws(BencodeError) {
    self = try Self(prefixOf: bytes, limits: limits)
    guard byteCount == bytes.count else { throw .trailingBytes(offset: byteCount) }
  }

  /// Reads one value from the beginning of `bytes`; what follows it is left alone.
  public init(
    prefixOf bytes: [UInt8], limits: BencodeLimits = .metainfo
  ) throws(BencodeError) {
    guard bytes.count <= limits.byteCount else { throw .tooLarge(limit: limits.byteCount) }
    var reader = BencodeReader(bytes: bytes, limits: limits)
    try reader.read()
    self.bytes = bytes
    byteCount = reader.position
    tokens = reader.tokens
  }

  /// The value.
  public var root: BencodeValue { BencodeValue(document: self, index: 0) }
}

/// The pass over the bytes that finds the values.
private struct BencodeReader {
  let bytes: [UInt8]
  let limits: BencodeLimits
  var position = 0
  var tokens: [BencodeDocument.Token] = []
  // Lists and dictionaries that are still open, outermost first, by their tokens.
  private var open: [Int] = []
  private var wantsKey = false

  init(bytes: [UInt8], limits: BencodeLimits) {
    self.bytes = bytes
    self.limits = limits
  }

  mutating func read() throws(BencodeError) {
    repeat {
      guard position < bytes.count else { throw .truncated }
      let byte = bytes[position]
      if byte == UInt8(ascii: "e") {
        try close()
        continue
      }
      guard tokens.count < limits.valueCount else {
        throw .tooManyValues(limit: limits.valueCount)
      }
      if wantsKey {
        try readString()
        wantsKey = false
        continue
      }
      switch byte {
      case UInt8(ascii: "i"): try readInteger()
      case UInt8(ascii: "l"): try begin(.list)
      case UInt8(ascii: "d"): try begin(.dictionary)
      default: try readString()
      }
      // After a value, and at its own start, a dictionary wants a key.
      wantsKey = open.last.map { tokens[$0].kind == .dictionary } ?? false
    } while !open.isEmpty
  }

  private mutating func begin(_ kind: BencodeDocument.Token.Kind) throws(BencodeError) {
    guard open.count < limits.depth else { throw .tooDeep(limit: limits.depth) }
    open.append(tokens.count)
    append(kind, from: position, to: position + 1)
    position += 1
  }

  private mutating func close() throws(BencodeError) {
    // A dictionary may end where it wants a key, not where it wants a value.
    guard let index = open.last, tokens[index].kind == .list || wantsKey else {
      throw .unexpectedByte(offset: position)
    }
    open.removeLast()
    position += 1
    tokens[index].end = UInt32(position)
    tokens[index].next = UInt32(tokens.count)
    wantsKey = open.last.map { tokens[$0].kind == .dictionary } ?? false
  }

  private mutating func append(
    _ kind: BencodeDocument.Token.Kind, from start: Int, to end: Int, header: Int = 0
  ) {
    tokens.append(
      .init(
        start: UInt32(start), end: UInt32(end), next: UInt32(tokens.count + 1),
        header: UInt8(header), kind: kind))
  }

  private mutating func readInteger() throws(BencodeError) {
    let start = position
    position += 1
    if position < bytes.count, bytes[position] == UInt8(ascii: "-") { position += 1 }
    _ = try readDigits(until: UInt8(ascii: "e"))
    append(.integer, from: start, to: position)
  }

  private mutating func readString() throws(BencodeError) {
    let start = position
    let count = try readDigits(until: UInt8(ascii: ":"))
    guard count <= bytes.count - position else { throw .truncated }
    let header = position - start
    position += count
    append(.string, from: start, to: position, header: header)
  }

  /// The number up to `terminator`, which is passed too; negative numbers have the same bound.
  private mutating func readDigits(until terminator: UInt8) throws(BencodeError) -> Int {
    let start = position
    var value = 0
    while position < bytes.count {
      let byte = bytes[position]
      if byte == terminator, position > start {
        position += 1
        return value
      }
      guard byte >= 0x30, byte <= 0x39 else { throw .unexpectedByte(offset: position) }
      let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, isTooLargeToo) = product.addingReportingOverflow(Int(byte - 0x30))
      // Zeros in front add no value; that they are so few keeps the header's length in a byte.
      guard !isTooLarge, !isTooLargeToo, position - start < 32 else {
        throw .overflow(offset: start)
      }
      value = sum
      position += 1
    }
    throw .truncated
  }
}
