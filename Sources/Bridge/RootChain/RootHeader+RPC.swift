package import ChainTypes
internal import JSON
internal import Primitives

extension RPCValueDecoder<RootHeader?> {
  /// A block's header, or null; it is refused unless its fields give the hash beside them.
  ///
  /// Which fields a header ends with depends on the chain's rules at its time, so the hash is
  /// looked for after each of those that were added one after another.
  package static var rootHeader: Self {
    Self { value throws(RPCValueError) in
      if value.isNull { return nil }
      guard let block = value.objectValue else { throw .wrongType(expected: "a block") }
      let hash = try block.required("hash", .hash)
      var fields = try headerFields(block)
      if let header = matching(fields, hash) { return header }
      for name in addedFields {
        guard let field = try addedField(name, of: block) else { break }
        fields.append(field)
        if let header = matching(fields, hash) { return header }
      }
      // Of what later forks add the names are not known; the hash tells which members it is.
      for added in sequences(of: unknownFields(block)) {
        if let header = matching(fields + added, hash) { return header }
      }
      throw .wrongType(expected: "a block whose fields have the hash \(hash)")
    }
  }

  /// The fields that all headers begin with.
  private static func headerFields(_ block: JSONObject) throws(RPCValueError) -> [[UInt8]] {
    var fields: [[UInt8]] = []
    for name in ["parentHash", "sha3Uncles"] {
      fields.append(try block.required(name, .hash).bytes)
    }
    fields.append(try block.required("miner", .address).bytes)
    for name in ["stateRoot", "transactionsRoot", "receiptsRoot"] {
      fields.append(try block.required(name, .hash).bytes)
    }
    fields.append(try block.required("logsBloom", .data))
    for name in ["difficulty", "number", "gasLimit", "gasUsed", "timestamp"] {
      fields.append(try block.required(name, .rootQuantity).minimalBytes)
    }
    fields.append(try block.required("extraData", .data))
    fields.append(try block.required("mixHash", .hash).bytes)
    fields.append(try block.required("nonce", .data))
    return fields
  }

  private static var addedFields: [String] {
    [
      "baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot",
      "requestsHash",
    ]
  }

  /// Members that stand in blocks and not in headers, and those of headers that are known.
  private static var knownMembers: Set<String> {
    Set(
      addedFields + [
        "hash", "parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot",
        "receiptsRoot", "logsBloom", "difficulty", "number", "gasLimit", "gasUsed", "timestamp",
        "extraData", "mixHash", "nonce", "size", "totalDifficulty", "transactions", "uncles",
        "withdrawals",
      ])
  }

  /// What may be a field of a header, of the first few members that are not known.
  private static func unknownFields(_ block: JSONObject) -> [[UInt8]] {
    block.members.lazy.filter { !knownMembers.contains($0.key) }.compactMap { member in
      guard let text = member.value.stringValue else { return nil }
      if text.utf8.count == 66 { return try? Hash256(hex: text).bytes }
      return try? RPCValueDecoder<UInt256>.quantity.decode(member.value).minimalBytes
    }.prefix(4).map(\.self)
  }

  /// Every sequence of one to three of some fields, each taken once.
  private static func sequences(of fields: [[UInt8]]) -> [[[UInt8]]] {
    var all: [[Int]] = [[]]
    var longest = all
    for _ in 0..<3 {
      longest = longest.flatMap { sequence in
        fields.indices.filter { !sequence.contains($0) }.map { sequence + [$0] }
      }
      all += longest
    }
    return all.dropFirst().map { sequence in sequence.map { fields[$0] } }
  }

  private static func addedField(
    _ name: String, of block: JSONObject
  ) throws(RPCValueError) -> [UInt8]? {
    if name.hasSuffix("Root") || name.hasSuffix("Hash") {
      return try block.optional(name, .hash)?.bytes
    }
    return try block.optional(name, .rootQuantity)?.minimalBytes
  }

  private static func matching(_ fields: [[UInt8]], _ hash: Hash256) -> RootHeader? {
    let bytes = RLPEncoder.list { list in
      for field in fields { list.append(field) }
    }
    guard Keccak256.hash(bytes) == hash else { return nil }
    return try? RootHeader(decoding: bytes)
  }
}

extension RPCValueDecoder<UInt256> {
  /// A quantity, or a plain number as some libraries print them.
  static var rootQuantity: Self {
    Self { value throws(RPCValueError) in
      if let number = value.uint64Value { return UInt256(number) }
      return try RPCValueDecoder<UInt256>.quantity.decode(value)
    }
  }
}
