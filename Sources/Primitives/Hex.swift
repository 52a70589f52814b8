/// Why a text is not the hexadecimal value it was taken for.
public enum HexError: Error, Equatable, Sendable {
  /// The text lacks the `0x` prefix that JSON-RPC demands.
  case missingPrefix
  /// A byte string has an odd number of digits.
  case oddLength
  /// A character is not one of `0-9a-fA-F`.
  case invalidDigit
  /// The value has another length, in bytes, than the type it was read as.
  case wrongLength(expected: Int, actual: Int)
  /// A quantity has no digits, or leading zeros (Ethereum JSON-RPC, "quantities").
  case notCanonical
  /// A quantity does not fit the type it was read as.
  case overflow
}

extension HexError: CustomStringConvertible {
  /// The cause in words.
  public var description: String {
    switch self {
    case .missingPrefix: "hex string without 0x prefix"
    case .oddLength: "hex string of odd length"
    case .invalidDigit: "invalid hex digit"
    case .wrongLength(let expected, let actual):
      "hex string has \(actual) bytes, want \(expected)"
    case .notCanonical: "hex number with leading zeros or without digits"
    case .overflow: "hex number too large"
    }
  }
}

/// The one hexadecimal codec.
public enum Hex {
  @usableFromInline static let digits: [UInt8] = Array("0123456789abcdef".utf8)

  /// Lower-case digits of `bytes`, with `0x` in front unless `prefix` is false.
  public static func encode(_ bytes: some Collection<UInt8>, prefix: Bool = true) -> String {
    let start = prefix ? 2 : 0
    return String(unsafeUninitializedCapacity: start + bytes.count * 2) { buffer in
      if prefix {
        buffer[0] = 0x30
        buffer[1] = 0x78
      }
      var index = start
      for byte in bytes {
        buffer[index] = digit(byte >> 4)
        buffer[index + 1] = digit(byte & 15)
        index += 2
      }
      return index
    }
  }

  @inline(__always) static func digit(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? 0x30 + nibble : 0x57 + nibble
  }

  /// The value of one ASCII digit, or nil.
  @inline(__always) package static func nibble(_ character: UInt8) -> UInt8? {
    switch character {
    case 0x30...0x39: character - 0x30
    case 0x61...0x66: character - 0x57
    case 0x41...0x46: character - 0x37
    default: nil
    }
  }

  /// The bytes that `text` spells.
  ///
  /// - Parameters:
  ///   - text: an even number of digits of either case.
  ///   - requirePrefix: whether a missing `0x` is an error; when false, it may stand or not.
  /// - Returns: the bytes.
  /// - Throws: `HexError`.
  public static func decode(
    _ text: some StringProtocol, requirePrefix: Bool = false
  ) throws(HexError) -> [UInt8] {
    let characters = Array(text.utf8)
    var start = 0
    if characters.count >= 2, characters[0] == 0x30, characters[1] | 0x20 == 0x78 {
      start = 2
    } else if requirePrefix {
      throw .missingPrefix
    }
    guard (characters.count - start) % 2 == 0 else { throw .oddLength }
    var bytes: [UInt8] = []
    bytes.reserveCapacity((characters.count - start) / 2)
    var index = start
    while index < characters.count {
      guard let high = nibble(characters[index]), let low = nibble(characters[index + 1]) else {
        throw .invalidDigit
      }
      bytes.append(high << 4 | low)
      index += 2
    }
    return bytes
  }

  /// The bytes that `text` spells, refused unless there are exactly `count` of them.
  public static func decode(
    _ text: some StringProtocol, count: Int, requirePrefix: Bool = false
  ) throws(HexError) -> [UInt8] {
    let bytes = try decode(text, requirePrefix: requirePrefix)
    guard bytes.count == count else { throw .wrongLength(expected: count, actual: bytes.count) }
    return bytes
  }

  /// A JSON-RPC quantity: `0x` and the shortest digits, `0x0` for zero.
  public static func quantity(_ value: UInt64) -> String {
    "0x" + String(value, radix: 16)
  }

  /// A JSON-RPC quantity: `0x` and the shortest digits, `0x0` for zero.
  public static func quantity(_ value: UInt256) -> String {
    if value.high == 0 { return "0x" + String(value.low, radix: 16) }
    let low = String(value.low, radix: 16)
    return "0x" + String(value.high, radix: 16) + String(repeating: "0", count: 32 - low.count)
      + low
  }

  /// Reads a JSON-RPC quantity: `0x`, at least one digit, no leading zero but `0x0` itself.
  public static func decodeQuantity(_ text: some StringProtocol) throws(HexError) -> UInt256 {
    let characters = text.utf8
    var iterator = characters.makeIterator()
    guard iterator.next() == 0x30, iterator.next() == 0x78 else { throw .missingPrefix }
    let count = characters.count - 2
    guard count > 0 else { throw .notCanonical }
    guard count <= 64 else { throw .overflow }
    var value = UInt256.zero
    var isFirst = true
    while let character = iterator.next() {
      guard let nibble = nibble(character) else { throw .invalidDigit }
      if isFirst, nibble == 0, count > 1 { throw .notCanonical }
      isFirst = false
      value = (value << 4) | UInt256(UInt64(nibble))
    }
    return value
  }

  /// Reads a JSON-RPC quantity that fits 64 bits.
  public static func decodeQuantity64(_ text: some StringProtocol) throws(HexError) -> UInt64 {
    guard let value = UInt64(exactly: try decodeQuantity(text)) else { throw .overflow }
    return value
  }
}
