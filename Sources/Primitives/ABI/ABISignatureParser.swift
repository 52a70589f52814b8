/// Why a text is not an ABI type, function or event.
public struct ABISignatureError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The text.
  public var text: String
  /// Where in the text, counted in characters from 0, it goes wrong.
  public var position: Int
  /// What is wrong there.
  public var reason: String

  /// The text, the place and the reason.
  public var description: String {
    "ABI signature '\(text)' is wrong at character \(position): \(reason)"
  }
}

extension ABIType {
  /// Reads a type's name, such as `uint256`, `bytes32[4][]` or `(address,uint256)[]`.
  public init(parsing text: String) throws(ABISignatureError) {
    var parser = ABISignatureParser(text)
    self = try parser.type()
    try parser.finish()
  }
}

/// A parameter as a signature declares it.
struct ABIParameter: Hashable, Sendable {
  var type: ABIType
  var name: String
  var isIndexed: Bool
}

/// Reads Solidity's way to write types, functions and events.
struct ABISignatureParser {
  /// How deep types may nest.
  static let maximumDepth = 16
  /// The most elements that fixed arrays, multiplied, may have.
  static let maximumFixedCount = 65_536

  private let text: String
  private let characters: [UInt8]
  private var position = 0

  init(_ text: String) {
    self.text = text
    characters = Array(text.utf8)
  }

  private var next: UInt8? { position < characters.count ? characters[position] : nil }

  private func error(_ reason: String) -> ABISignatureError {
    ABISignatureError(text: text, position: position, reason: reason)
  }

  mutating func finish() throws(ABISignatureError) {
    skipSpaces()
    guard next == nil else { throw error("unexpected text") }
  }

  private mutating func skipSpaces() {
    while next == 0x20 { position += 1 }
  }

  private mutating func skip(_ character: Character) -> Bool {
    skipSpaces()
    guard let next, next == character.asciiValue else { return false }
    position += 1
    return true
  }

  /// Letters, digits, `_` and `$`; empty when there are none.
  private mutating func word() -> String {
    skipSpaces()
    let start = position
    while let next,
      (0x30...0x39).contains(next) || (0x41...0x5a).contains(next & 0xdf) && next >= 0x41
        || next == 0x5f || next == 0x24
    {
      position += 1
    }
    return String(decoding: characters[start..<position], as: UTF8.self)
  }

  /// A name and its parameters.
  mutating func declaration() throws(ABISignatureError) -> (name: String, [ABIParameter]) {
    let name = word()
    guard let first = name.utf8.first, !(0x30...0x39).contains(first) else {
      throw error("a name is wanted")
    }
    guard skip("(") else { throw error("'(' is wanted") }
    let parameters = try list()
    guard skip(")") else { throw error("',' or ')' is wanted") }
    try finish()
    return (name, parameters)
  }

  /// What a function returns: types with commas between them, in parentheses or not.
  mutating func results() throws(ABISignatureError) -> [ABIParameter] {
    if characters.filter({ $0 != 0x20 }) == [0x28, 0x29] { return [] }
    let list = try list()
    try finish()
    guard list.count == 1, case .tuple(let members) = list[0].type else { return list }
    return members.map { ABIParameter(type: $0, name: "", isIndexed: false) }
  }

  private mutating func list() throws(ABISignatureError) -> [ABIParameter] {
    skipSpaces()
    if next == nil || next == 0x29 { return [] }
    var parameters: [ABIParameter] = []
    repeat {
      let type = try type()
      var name = word()
      let isIndexed = name == "indexed"
      if isIndexed { name = word() }
      parameters.append(ABIParameter(type: type, name: name, isIndexed: isIndexed))
    } while skip(",")
    return parameters
  }

  mutating func type() throws(ABISignatureError) -> ABIType {
    try type(depth: 0)
  }

  private mutating func type(depth: Int) throws(ABISignatureError) -> ABIType {
    guard depth < Self.maximumDepth else { throw error("types nest too deep") }
    let start = position
    let name = word()
    var type: ABIType
    if name.isEmpty || name == "tuple", skip("(") {
      var members: [ABIType] = []
      repeat {
        members.append(try self.type(depth: depth + 1))
        // A member's name says nothing about its encoding.
        _ = word()
      } while skip(",")
      guard skip(")") else { throw error("',' or ')' is wanted") }
      type = .tuple(members)
    } else if let elementary = Self.elementary(name) {
      type = elementary
    } else {
      position = start
      throw error(name.isEmpty ? "a type is wanted" : "'\(name)' is no ABI type known here")
    }
    var levels = depth
    while skip("[") {
      levels += 1
      guard levels < Self.maximumDepth else { throw error("types nest too deep") }
      let digits = word()
      if digits.isEmpty {
        type = .array(type)
      } else if let count = Self.number(digits, in: 1...Self.maximumFixedCount) {
        type = .fixedArray(type, count)
        guard type.headCount <= 32 * Self.maximumFixedCount else { throw error("too large") }
      } else {
        throw error("an array has 1 to \(Self.maximumFixedCount) elements")
      }
      guard skip("]") else { throw error("']' is wanted") }
    }
    return type
  }

  private static func number(_ text: some StringProtocol, in range: ClosedRange<Int>) -> Int? {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), text.first != "0",
      let number = Int(text), range.contains(number)
    else { return nil }
    return number
  }

  private static func elementary(_ name: String) -> ABIType? {
    func bits(_ prefix: String) -> Int? {
      let digits = name.dropFirst(prefix.count)
      if digits.isEmpty { return 256 }
      guard let bits = number(digits, in: 8...256), bits % 8 == 0 else { return nil }
      return bits
    }
    switch name {
    case "address": return .address
    case "bool": return .bool
    case "bytes": return .bytes
    case "string": return .string
    case _ where name.hasPrefix("uint"): return bits("uint").map(ABIType.uint)
    case _ where name.hasPrefix("int"): return bits("int").map(ABIType.int)
    case _ where name.hasPrefix("bytes"):
      return number(name.dropFirst(5), in: 1...32).map(ABIType.fixedBytes)
    default: return nil
    }
  }
}
