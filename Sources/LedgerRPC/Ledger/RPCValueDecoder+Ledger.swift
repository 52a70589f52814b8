internal import ChainTypes
internal import JSON
internal import Primitives

/// The nodes of a reply of `eth_getProof`; the values beside them are not looked at.
struct ProofReply: Sendable {
  var account: [[UInt8]]
  var slots: [[[UInt8]]]
}

/// Where a transaction stands.
struct ReceiptPlace: Sendable {
  var height: UInt64
  var index: Int
}

extension RPCValueDecoder<SealedBlock?> {
  /// A block and its seal, or null.
  static var sealedBlock: Self {
    Self { value throws(RPCValueError) in
      if value.isNull { return nil }
      return try RPCValueDecoder<SealedBlock>.sealed.decode(value)
    }
  }
}

extension RPCValueDecoder<[SealedBlock]> {
  /// Blocks and their seals.
  static var sealedBlocks: Self { .array(.sealed) }
}

extension RPCValueDecoder<SealedBlock> {
  static var sealed: Self {
    Self { value throws(RPCValueError) in
      let bytes = try RPCValueDecoder<[UInt8]>.data.decode(value)
      do throws(BlockError) {
        return try SealedBlock(decoding: bytes)
      } catch {
        throw .wrongType(expected: "a sealed block")
      }
    }
  }
}

extension RPCValueDecoder<ProofReply> {
  static var proof: Self {
    Self { value throws(RPCValueError) in
      guard let object = value.objectValue else { throw .wrongType(expected: "a proof") }
      return ProofReply(
        account: try object.required("accountProof", .array(.data)),
        slots: try object.required("storageProof", .array(.slotNodes)))
    }
  }
}

extension RPCValueDecoder<[[UInt8]]> {
  static var slotNodes: Self {
    Self { value throws(RPCValueError) in
      guard let object = value.objectValue else { throw .wrongType(expected: "a slot's proof") }
      return try object.required("proof", .array(.data))
    }
  }
}

extension RPCValueDecoder<ReceiptPlace?> {
  /// Where a transaction stands, or null for one that is in no block.
  static var transactionPlace: Self {
    Self { value throws(RPCValueError) in
      if value.isNull { return nil }
      guard let object = value.objectValue else { throw .wrongType(expected: "an object") }
      let index = try object.required("transactionIndex", .quantity64)
      guard let place = Int(exactly: index) else { throw .wrongType(expected: "an index") }
      return ReceiptPlace(height: try object.required("blockNumber", .quantity64), index: place)
    }
  }
}
