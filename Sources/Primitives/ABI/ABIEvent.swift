/// A contract's event: its name and types, and the encoding of logs.
///
///     let transfer = ABIEvent("Transfer(address indexed,address indexed,uint256)")
public struct ABIEvent: Hashable, Sendable {
  /// A parameter's type, and whether it is a topic of its own.
  public struct Parameter: Hashable, Sendable {
    /// The type.
    public let type: ABIType
    /// Whether the value is a topic, so that logs can be searched for it.
    public let isIndexed: Bool
  }

  /// The name without types.
  public let name: String
  /// What the event carries, in the order it was declared.
  public let parameters: [Parameter]
  /// The hash of the signature: the first topic.
  public let topic: Hash256

  /// Reads an event's signature, such as `Transfer(address indexed from, uint256 value)`.
  public init(signature: String) throws(ABISignatureError) {
    var parser = ABISignatureParser(signature)
    let declaration = try parser.declaration()
    name = declaration.name
    parameters = declaration.1.map { Parameter(type: $0.type, isIndexed: $0.isIndexed) }
    topic = Keccak256.hash(
      Array((name + ABIType.signature(declaration.1.map(\.type))).utf8))
    guard parameters.count(where: \.isIndexed) <= 3 else {
      throw ABISignatureError(
        text: signature, position: 0, reason: "an event has at most three indexed parameters")
    }
  }

  /// An event whose signature is part of the program; a wrong one ends it.
  public init(_ signature: StaticString) {
    do {
      try self.init(signature: signature.description)
    } catch {
      preconditionFailure(error.description)
    }
  }

  /// The name and the canonical types, which the first topic is the hash of.
  public var signature: String { name + ABIType.signature(parameters.map(\.type)) }

  /// The topics and data of a log with `values`.
  public func encode(
    _ values: [ABIValue]
  ) throws(ABIError) -> (topics: [Hash256], data: [UInt8]) {
    guard values.count == parameters.count else {
      throw .wrongCount(expected: parameters.count, actual: values.count)
    }
    var topics = [topic]
    var writer = ABIWriter()
    for (value, parameter) in zip(values, parameters) {
      if parameter.isIndexed {
        topics.append(try Self.topic(value, parameter.type))
      } else {
        try ABI.write([value], as: [parameter.type], to: &writer)
      }
    }
    return (topics, writer.bytes)
  }

  /// The values in a log, in the order they were declared.
  ///
  /// Of an indexed value that takes up more than a word, a log holds only the hash, which is what
  /// stands for it in the result.
  public func decode(topics: [Hash256], data: [UInt8]) throws(ABIError) -> [ABIValue] {
    guard topics.first == topic else { throw .wrongSelector }
    let indexed = parameters.filter(\.isIndexed)
    guard topics.count == indexed.count + 1 else {
      throw .wrongCount(expected: indexed.count + 1, actual: topics.count)
    }
    let rest = parameters.filter { !$0.isIndexed }.map(\.type)
    var words = topics.dropFirst().makeIterator()
    var others = try ABI.decode(rest, from: data).makeIterator()
    var values: [ABIValue] = []
    for parameter in parameters {
      if !parameter.isIndexed {
        if let value = others.next() { values.append(value) }
      } else if let word = words.next() {
        let type = Self.isWord(parameter.type) ? parameter.type : .bytes32
        values += try ABI.decode([type], from: word.bytes)
      }
    }
    return values
  }

  private static func isWord(_ type: ABIType) -> Bool {
    switch type {
    case .uint, .int, .address, .bool, .fixedBytes: true
    case .bytes, .string, .array, .fixedArray, .tuple: false
    }
  }

  /// The topic of a value: itself where it is one word, else the hash of its parts, which are
  /// strung together without offsets and lengths and, inside arrays and tuples, padded to words.
  static func topic(_ value: ABIValue, _ type: ABIType) throws(ABIError) -> Hash256 {
    let encoded = try ABI.encode([value], as: [type])
    if isWord(type) { return Hash256(encoded) ?? .zero }
    switch value {
    case .bytes(let bytes): return Keccak256.hash(bytes)
    case .string(let string): return Keccak256.hash(Array(string.utf8))
    default:
      var parts: [UInt8] = []
      try append(value, type, to: &parts)
      return Keccak256.hash(parts)
    }
  }

  private static func append(
    _ value: ABIValue, _ type: ABIType, to parts: inout [UInt8]
  ) throws(ABIError) {
    switch (value, type) {
    case (.array(let values), .array(let element)),
      (.array(let values), .fixedArray(let element, _)):
      for value in values { try append(value, element, to: &parts) }
    case (.tuple(let values), .tuple(let members)):
      for (value, member) in zip(values, members) { try append(value, member, to: &parts) }
    case (.bytes(let bytes), _): pad(bytes, to: &parts)
    case (.string(let string), _): pad(Array(string.utf8), to: &parts)
    default: parts += try ABI.encode([value], as: [type])
    }
  }

  private static func pad(_ bytes: [UInt8], to parts: inout [UInt8]) {
    parts += bytes
    parts += repeatElement(0, count: -bytes.count & 31)
  }
}
