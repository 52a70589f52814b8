public import JSON
public import Primitives

extension DepositProof {
  /// The call data that submits the proof to the state receiver.
  public func encodedCall() throws(ABIError) -> [UInt8] {
    try StateReceiverModule.submit.encodeCall([
      .uint(UInt256(rootID)), .bytes(header), .uint(UInt256(transactionIndex)),
      .array(nodes.map(ABIValue.bytes)), .uint(UInt256(logIndex)),
    ])
  }

  /// Reads the arguments of `submit`.
  package init(reading reader: inout ABIReader) throws(ABIError) {
    rootID = try reader.readUInt64()
    header = try reader.readBytes(maximumCount: RootHeader.maximumSize)
    transactionIndex = try reader.readUInt64()
    let list = try reader.readArray(maximumCount: Self.maximumNodeCount)
    var elements = list.elements
    var size = 0
    nodes = []
    for _ in 0..<list.count {
      // Offsets may share their target, so that the data's own size bounds nothing here.
      let node = try elements.readBytes(maximumCount: Self.maximumSize - size)
      size += node.count
      nodes.append(node)
    }
    logIndex = try reader.readUInt64()
  }

  /// Reads the call data of `submit`.
  public init(decodingCall data: [UInt8]) throws(ABIError) {
    guard data.count <= 2 * Self.maximumSize else { throw .tooLarge }
    var (selector, arguments) = try ABIReader.call(data)
    guard selector == StateReceiverModule.submit.selector else { throw .wrongSelector }
    try self.init(reading: &arguments)
  }

  /// Whether a transaction can carry it; a receipt with very large logs makes one that none can.
  package var isSubmittable: Bool {
    header.count <= RootHeader.maximumSize && nodes.count <= Self.maximumNodeCount
      && nodes.reduce(0) { $0 + $1.count } <= Self.maximumSize
  }

  /// How many bytes are hashed to check the proof.
  package var byteCount: Int { nodes.reduce(header.count) { $0 + $1.count } }
}

extension DepositProof {
  /// The form for files and for people: `{"rootId", "header", "transactionIndex", "nodes",
  /// "logIndex"}`.
  public var json: JSONValue {
    [
      "rootId": JSONValue(rootID), "header": .string(Hex.encode(header)),
      "transactionIndex": JSONValue(transactionIndex),
      "nodes": .array(nodes.map { .string(Hex.encode($0)) }), "logIndex": JSONValue(logIndex),
    ]
  }

  /// Reads the form of ``json``; other members are refused.
  public init(json value: JSONValue) throws(DepositProofFormatError) {
    guard let members = value.objectValue?.members else { throw .init("proof", "an object") }
    let names = ["rootId", "header", "transactionIndex", "nodes", "logIndex"]
    for member in members where !names.contains(member.key) {
      throw .init(member.key, "absent: it is no member of a proof")
    }
    rootID = try Self.number(value, "rootId")
    header = try Self.bytes(value["header"], "header", atMost: RootHeader.maximumSize)
    transactionIndex = try Self.number(value, "transactionIndex")
    guard let elements = value["nodes"]?.arrayValue, elements.count <= Self.maximumNodeCount else {
      throw .init("nodes", "an array of at most \(Self.maximumNodeCount) elements")
    }
    var size = 0
    nodes = []
    for (index, element) in elements.enumerated() {
      let node = try Self.bytes(element, "nodes[\(index)]", atMost: Self.maximumSize - size)
      size += node.count
      nodes.append(node)
    }
    logIndex = try Self.number(value, "logIndex")
  }

  private static func number(
    _ value: JSONValue, _ name: String
  ) throws(DepositProofFormatError) -> UInt64 {
    guard let number = value[name]?.numberText.flatMap({ UInt64($0) }) else {
      throw .init(name, "a whole number of at most 64 bits")
    }
    return number
  }

  private static func bytes(
    _ value: JSONValue?, _ name: String, atMost maximum: Int
  ) throws(DepositProofFormatError) -> [UInt8] {
    guard let text = value?.stringValue, text.utf8.count <= 2 + 2 * maximum,
      let bytes = try? Hex.decode(text, requirePrefix: true)
    else { throw .init(name, "0x and an even number of hex digits, at most \(maximum) bytes") }
    return bytes
  }
}

/// Why JSON is not a deposit's proof.
public struct DepositProofFormatError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The member at fault.
  public var member: String
  /// What it must be.
  public var wanted: String

  init(_ member: String, _ wanted: String) {
    self.member = member
    self.wanted = wanted
  }

  /// The member and what it must be.
  public var description: String { "deposit proof: \(member) must be \(wanted)" }
}
