internal import JSON
internal import Primitives

/// Reads members of one JSON object, naming the path of what is wrong.
struct GenesisReader {
  let value: JSONValue
  let path: String

  init(_ value: JSONValue, path: String) throws(GenesisError) {
    guard value.objectValue != nil else { throw GenesisError(path, "must be an object") }
    self.value = value
    self.path = path
  }

  func path(of member: String) -> String { path.isEmpty ? member : "\(path).\(member)" }

  func member(_ name: String) throws(GenesisError) -> JSONValue {
    guard let member = value[name] else { throw GenesisError(path(of: name), "is missing") }
    return member
  }

  func object(_ name: String) throws(GenesisError) -> GenesisReader {
    try GenesisReader(try member(name), path: path(of: name))
  }

  func objects(_ name: String) throws(GenesisError) -> [GenesisReader] {
    guard let elements = try member(name).arrayValue else {
      throw GenesisError(path(of: name), "must be an array")
    }
    var readers: [GenesisReader] = []
    for (index, element) in elements.enumerated() {
      readers.append(try GenesisReader(element, path: "\(path(of: name))[\(index)]"))
    }
    return readers
  }

  func string(_ name: String) throws(GenesisError) -> String {
    guard let text = try member(name).stringValue, !text.isEmpty, text.utf8.count <= 64 else {
      throw GenesisError(path(of: name), "must be a string of 1 to 64 bytes")
    }
    return text
  }

  func optionalUInt64(_ name: String) throws(GenesisError) -> UInt64? {
    value[name] == nil ? nil : try uint64(name)
  }

  func optionalBool(_ name: String) throws(GenesisError) -> Bool? {
    guard let member = value[name] else { return nil }
    guard let flag = member.boolValue else {
      throw GenesisError(path(of: name), "must be true or false")
    }
    return flag
  }

  func uint64(_ name: String) throws(GenesisError) -> UInt64 {
    guard let number = UInt64(exactly: try Self.wei(try member(name), path: path(of: name))) else {
      throw GenesisError(path(of: name), "must fit 64 bits")
    }
    return number
  }

  func wei(_ name: String) throws(GenesisError) -> UInt256 {
    try Self.wei(try member(name), path: path(of: name))
  }

  func address(_ name: String) throws(GenesisError) -> Address {
    try Self.address(try member(name), path: path(of: name))
  }

  /// A whole number: JSON number, decimal text, or hex text as geth writes it.
  static func wei(_ value: JSONValue, path: String) throws(GenesisError) -> UInt256 {
    let text = value.stringValue ?? value.numberText ?? ""
    if text.hasPrefix("0x"), text.utf8.count <= 66 {
      // geth's files may have leading zeros, which the strict quantity reader refuses.
      let digits = String(text.dropFirst(2))
      let even = digits.utf8.count % 2 == 0 ? digits : "0" + digits
      if let bytes = try? Hex.decode(even), let number = UInt256(bigEndian: bytes) {
        return number
      }
    } else if let number = UInt256(decimal: text) {
      return number
    }
    throw GenesisError(path, "must be a whole number of at most 256 bits, decimal or 0x-hex")
  }

  static func address(_ value: JSONValue, path: String) throws(GenesisError) -> Address {
    do throws(AddressError) {
      return try Address(checksummed: value.stringValue ?? "")
    } catch {
      throw GenesisError(path, "\(error)")
    }
  }

  /// Refuses members of other names: a typing error there would change the chain in silence.
  func allowOnly(
    _ names: Set<String>, explain: (String) -> String? = { _ in nil }
  ) throws(GenesisError) {
    for member in value.objectValue?.members ?? [] where !names.contains(member.key) {
      throw GenesisError(
        path(of: member.key),
        explain(member.key) ?? "is not a known member (\(names.sorted().joined(separator: ", ")))")
    }
  }
}
