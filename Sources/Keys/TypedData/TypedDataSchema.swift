internal import JSON
internal import Primitives

/// The types of one typed data, and the hashing of values by them.
struct TypedDataSchema {
  private struct Member {
    let name: String
    let typeText: String
    let type: TypedDataType
  }

  /// Types reach each other, so that the text of one can be as long as all definitions.
  static let maximumTypes = 256
  static let maximumMembers = 2048

  private var types: [String: [Member]] = [:]
  private var typeHashes: [String: Hash256] = [:]

  // MARK: - Definitions

  init(_ definitions: JSONObject) throws(TypedDataError) {
    guard definitions.count <= Self.maximumTypes else { throw .tooManyTypes }
    var count = 0
    for definition in definitions.members {
      guard let list = definition.value.arrayValue,
        case .structure(definition.key) = TypedDataType(definition.key[...])
      else { throw .invalidType(definition.key) }
      count += list.count
      guard count <= Self.maximumMembers else { throw .tooManyTypes }
      var members: [Member] = []
      var names: Set<String> = []
      for entry in list {
        guard let name = entry["name"]?.stringValue, let text = entry["type"]?.stringValue,
          let type = TypedDataType(text[...]), TypedDataType.isIdentifier(name[...]),
          names.insert(name).inserted
        else { throw .invalidType(definition.key) }
        members.append(Member(name: name, typeText: text, type: type))
      }
      types[definition.key] = members
    }
    for member in types.values.joined() {
      if let name = member.type.structureName, types[name] == nil { throw .unknownType(name) }
    }
  }

  func defines(_ name: String) -> Bool { types[name] != nil }

  /// Defines the domain's type by those of its members that are there.
  mutating func defineDomain(for domain: JSONObject) {
    let all: [(String, String, TypedDataType)] = [
      ("name", "string", .string), ("version", "string", .string),
      ("chainId", "uint256", .unsigned(bits: 256)), ("verifyingContract", "address", .address),
      ("salt", "bytes32", .fixedBytes(32)),
    ]
    types["EIP712Domain"] = all.filter { domain[$0.0] != nil }.map {
      Member(name: $0.0, typeText: $0.1, type: $0.2)
    }
  }

  /// The text of a type: its own definition, then those it reaches, by name.
  private func text(of name: String) -> String {
    var reached: Set<String> = [name]
    var open = [name]
    while let next = open.popLast() {
      for other in (types[next] ?? []).compactMap(\.type.structureName)
      where reached.insert(other).inserted {
        open.append(other)
      }
    }
    reached.remove(name)
    // Byte order is the order of EIP-712, as names are ASCII.
    return ([name] + reached.sorted()).map { name in
      let members = (types[name] ?? []).map { "\($0.typeText) \($0.name)" }
      return "\(name)(\(members.joined(separator: ",")))"
    }.joined()
  }

  private mutating func typeHash(_ name: String) -> Hash256 {
    if let hash = typeHashes[name] { return hash }
    let hash = EIP712.typeHash(text(of: name))
    typeHashes[name] = hash
    return hash
  }

  // MARK: - Values

  /// The hash of a structure.
  mutating func hash(
    _ value: JSONObject, as name: String, at place: String
  ) throws(TypedDataError) -> Hash256 {
    let members = types[name] ?? []
    // Strings that Unicode calls equal are one key here, and perhaps two in the object: counting
    // finds the one left over.
    var values = Dictionary(value.members.map { ($0.key, $0.value) }) { first, _ in first }
    var covered = 0
    var bytes = typeHash(name).bytes
    for member in members {
      let place = "\(place).\(member.name)"
      let value = values.removeValue(forKey: member.name)
      if value != nil { covered += 1 }
      bytes += try word(value, as: member, at: place).bytes
    }
    guard covered == value.count else {
      let extra = value.members.first { values[$0.key] != nil }
      throw .notCovered("\(place).\(extra?.key ?? "*")")
    }
    return Keccak256.hash(bytes)
  }

  private mutating func word(
    _ value: JSONValue?, as member: Member, at place: String
  ) throws(TypedDataError) -> Hash256 {
    if case .structure = member.type, value?.isNull ?? true { return .zero }
    guard let value else { throw .missing(place) }
    return try word(value, as: member.type, text: member.typeText, at: place)
  }

  /// The word that stands for a value in the hash of what contains it.
  ///
  /// This recurses no deeper than the value does, which the JSON reader limits.
  private mutating func word(
    _ value: JSONValue, as type: TypedDataType, text: String, at place: String
  ) throws(TypedDataError) -> Hash256 {
    switch type {
    case .structure(let name):
      guard let object = value.objectValue else { throw .wrongKind(place, type: text) }
      return try hash(object, as: name, at: place)
    case .array(let element, let count):
      guard let array = value.arrayValue else { throw .wrongKind(place, type: text) }
      if let count, count != array.count {
        throw .wrongCount(place, expected: count, actual: array.count)
      }
      var bytes: [UInt8] = []
      bytes.reserveCapacity(array.count * 32)
      for (index, value) in array.enumerated() {
        let place = "\(place)[\(index)]"
        bytes += try word(value, as: element, text: text, at: place).bytes
      }
      return Keccak256.hash(bytes)
    case .bool, .address, .string, .bytes, .fixedBytes, .unsigned, .signed:
      return try TypedDataAtom.word(value, as: type, text: text, at: place)
    }
  }
}
