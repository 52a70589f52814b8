/// The type of a member in EIP-712.
indirect enum TypedDataType: Hashable {
  case bool
  case address
  case string
  case bytes
  case fixedBytes(Int)
  case unsigned(bits: Int)
  case signed(bits: Int)
  case structure(String)
  case array(TypedDataType, count: Int?)

  /// How many pairs of brackets a type may have.
  static let maximumArrayDepth = 8

  /// Reads a member's type; a name that is not elementary is taken for a structure's.
  init?(_ text: Substring) {
    guard let bracket = text.firstIndex(of: "[") else {
      guard let type = Self.named(text) else { return nil }
      self = type
      return
    }
    guard var type = Self.named(text[..<bracket]), text.last == "]" else { return nil }
    // "[2][]" is "2]" and "]": an array of pairs.
    let suffixes = text[text.index(after: bracket)...].split(
      separator: "[", omittingEmptySubsequences: false)
    guard suffixes.count <= Self.maximumArrayDepth else { return nil }
    for suffix in suffixes {
      guard suffix.last == "]" else { return nil }
      let digits = suffix.dropLast()
      if digits.isEmpty {
        type = .array(type, count: nil)
      } else {
        guard let count = Self.number(digits) else { return nil }
        type = .array(type, count: count)
      }
    }
    self = type
  }

  private static func named(_ name: Substring) -> TypedDataType? {
    switch name {
    case "bool": return .bool
    case "address": return .address
    case "string": return .string
    case "bytes": return .bytes
    case "uint": return .unsigned(bits: 256)
    case "int": return .signed(bits: 256)
    default: break
    }
    // A name of this form is elementary or wrong, and never a structure's.
    let digits = name.drop { !("0"..."9").contains($0) }
    let width = number(digits)
    switch name[..<digits.startIndex] {
    case "bytes" where isDecimal(digits):
      return width.flatMap { (1...32).contains($0) ? .fixedBytes($0) : nil }
    case "uint" where isDecimal(digits):
      return width.flatMap { isWidth($0) ? .unsigned(bits: $0) : nil }
    case "int" where isDecimal(digits):
      return width.flatMap { isWidth($0) ? .signed(bits: $0) : nil }
    default: break
    }
    return isIdentifier(name) ? .structure(String(name)) : nil
  }

  private static func isWidth(_ bits: Int) -> Bool {
    bits.isMultiple(of: 8) && (8...256).contains(bits)
  }

  private static func isDecimal(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  /// The value of decimal digits without leading zeros.
  private static func number(_ text: Substring) -> Int? {
    isDecimal(text) && text.first != "0" ? Int(text) : nil
  }

  /// Whether a text can name a type or a member, as in Solidity.
  static func isIdentifier(_ text: Substring) -> Bool {
    guard let first = text.utf8.first, !(0x30...0x39).contains(first), text.utf8.count <= 256
    else { return false }
    return text.utf8.allSatisfy { character in
      switch character {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x24, 0x5F: true
      default: false
      }
    }
  }

  /// The structure at the bottom of arrays, if there is one.
  var structureName: String? {
    switch self {
    case .structure(let name): name
    case .array(let element, _): element.structureName
    default: nil
    }
  }
}
