public import JSON
public import Primitives

/// Which block a call is about, as JSON-RPC names it (EIP-1898).
public enum BlockParameter: Hashable, Sendable {
  /// The block of that height.
  case number(UInt64)
  /// The newest block.
  case latest
  /// The newest block that cannot be replaced without faults of a third.
  case safe
  /// The newest block that cannot be replaced.
  case finalized
  /// The first block.
  case earliest
  /// The newest block with the transactions that wait on top.
  case pending
  /// The block with that hash; when it must be canonical, one beside the chain is an error.
  case hash(Hash256, requireCanonical: Bool)
}

extension BlockParameter {
  /// The JSON form.
  public var json: JSONValue {
    switch self {
    case .number(let number): .string(Hex.quantity(number))
    case .latest: "latest"
    case .safe: "safe"
    case .finalized: "finalized"
    case .earliest: "earliest"
    case .pending: "pending"
    case .hash(let hash, let requireCanonical):
      requireCanonical
        ? ["blockHash": .string(hash.hex), "requireCanonical": true]
        : ["blockHash": .string(hash.hex)]
    }
  }

  /// Reads a tag, a number, a hash, or an object with one of the two latter.
  public init(json: JSONValue) throws(RPCValueError) {
    switch json {
    case .string(let text): try self.init(text: text)
    case .object(let object):
      let hash = try object.optional("blockHash", .hash)
      let number = try object.optional("blockNumber", .numberOrTag)
      switch (hash, number) {
      case (let hash?, nil):
        let requireCanonical = try object.optional("requireCanonical", .bool) ?? false
        self = .hash(hash, requireCanonical: requireCanonical)
      case (nil, let number?): self = number
      case (nil, nil): throw .noBlock
      case (_?, _?): throw .blockNumberAndHash
      }
    default: throw .wrongType(expected: "a block number, tag, hash or object")
    }
  }

  private init(text: String) throws(RPCValueError) {
    switch text {
    case "latest": self = .latest
    case "safe": self = .safe
    case "finalized": self = .finalized
    case "earliest": self = .earliest
    case "pending": self = .pending
    default:
      do throws(HexError) {
        self =
          text.utf8.count == 66
          ? .hash(try Hash256(hex: text), requireCanonical: false)
          : .number(try Hex.decodeQuantity64(text))
      } catch {
        throw .hex(error)
      }
    }
  }
}

extension RPCValueDecoder<BlockParameter> {
  /// A block by number, tag or hash.
  public static var block: Self {
    Self { value throws(RPCValueError) in try BlockParameter(json: value) }
  }

  // Inside an object a hash has its own member, and no object stands.
  fileprivate static var numberOrTag: Self {
    Self { value throws(RPCValueError) in
      guard case .string = value else {
        throw .wrongType(expected: "a block number or tag")
      }
      let block = try BlockParameter(json: value)
      if case .hash = block { throw .hex(.overflow) }
      return block
    }
  }
}
