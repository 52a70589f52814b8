internal import JSON
internal import Primitives

/// The words of elementary values in EIP-712.
enum TypedDataAtom {
  /// The word of a value of an elementary type.
  static func word(
    _ value: JSONValue, as type: TypedDataType, text: String, at place: String
  ) throws(TypedDataError) -> Hash256 {
    switch type {
    case .bool:
      if let bool = value.boolValue { return bool ? UInt256.one.word : .zero }
    case .string:
      if let string = value.stringValue { return Keccak256.hash(Array(string.utf8)) }
    case .bytes:
      if let bytes = bytes(value) { return Keccak256.hash(bytes) }
    case .fixedBytes(let count):
      if let bytes = bytes(value) {
        guard bytes.count == count else { throw .outOfRange(place, type: text) }
        if let word = Hash256(bytes + [UInt8](repeating: 0, count: 32 - count)) { return word }
      }
    case .address:
      if let bytes = bytes(value), let address = Address(bytes) { return address.word }
    case .unsigned(let bits):
      if let (magnitude, isNegative) = number(value) {
        guard let magnitude, !isNegative || magnitude.isZero, magnitude.bitWidth <= bits else {
          throw .outOfRange(place, type: text)
        }
        return magnitude.word
      }
    case .signed(let bits):
      if let (magnitude, isNegative) = number(value) {
        // -2^(bits - 1) is the one value that needs as many bits as there are.
        let limit = UInt256.one << (bits - 1)
        guard let magnitude, magnitude < limit || isNegative && magnitude == limit else {
          throw .outOfRange(place, type: text)
        }
        return (isNegative ? UInt256.zero &- magnitude : magnitude).word
      }
    case .structure, .array: break
    }
    throw .wrongKind(place, type: text)
  }

  private static func bytes(_ value: JSONValue) -> [UInt8]? {
    value.stringValue.flatMap { try? Hex.decode($0, requirePrefix: true) }
  }

  /// A whole number, written as one or as a string of decimal or `0x` digits.
  ///
  /// Nil when it is neither; the magnitude is nil when it takes more than 256 bits.
  private static func number(_ value: JSONValue) -> (magnitude: UInt256?, isNegative: Bool)? {
    guard let text = value.numberText ?? value.stringValue else { return nil }
    let isNegative = text.hasPrefix("-")
    let digits = isNegative ? text.dropFirst() : text[...]
    if digits.hasPrefix("0x"), !isNegative {
      let hex = digits.dropFirst(2).drop { $0 == "0" }
      guard digits.utf8.count > 2, hex.utf8.allSatisfy({ Hex.nibble($0) != nil }) else {
        return nil
      }
      return (try? Hex.decodeQuantity("0x" + (hex.isEmpty ? "0" : hex)), false)
    }
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return (UInt256(decimal: digits), isNegative)
  }
}
