internal import ChainTypes
internal import JSON
internal import Primitives

/// A receipt as JSON-RPC shows it, put back into the bytes that a block's root covers.
struct ReceiptReply: Hashable, Sendable {
  var index: UInt64
  var bytes: [UInt8]
}

extension RPCValueDecoder<ReceiptReply> {
  /// A receipt; nothing in it is believed until it was held against a root.
  static var rootReceipt: Self {
    Self { value throws(RPCValueError) in
      guard let receipt = value.objectValue else { throw .wrongType(expected: "a receipt") }
      var encoder = RLPEncoder(capacity: 1_024)
      let kind = try receipt.optional("type", .rootQuantity) ?? .zero
      if !kind.isZero {
        guard kind.bitWidth < 8 else { throw .member("type", .wrongType(expected: "below 128")) }
        encoder.append(encoded: [UInt8(truncatingIfNeeded: kind.low)])
      }
      let outcome = try outcome(of: receipt)
      let gas = try receipt.required("cumulativeGasUsed", .rootQuantity)
      let bloom = try receipt.required("logsBloom", .data)
      let logs = try receipt.required("logs", .array(.rootLog))
      encoder.list { list in
        list.append(outcome)
        list.append(gas)
        list.append(bloom)
        list.list { inner in
          for log in logs { log.encode(into: &inner) }
        }
      }
      let index = try receipt.required("transactionIndex", .rootQuantity)
      guard let place = UInt64(exactly: index) else {
        throw .member("transactionIndex", .wrongType(expected: "an index"))
      }
      return ReceiptReply(index: place, bytes: encoder.bytes)
    }
  }

  /// Whether the transaction succeeded, or, before Byzantium, the state after it.
  private static func outcome(of receipt: JSONObject) throws(RPCValueError) -> [UInt8] {
    guard let status = receipt["status"], !status.isNull else {
      return try receipt.required("root", .hash).bytes
    }
    if let flag = status.boolValue { return flag ? [1] : [] }
    return try receipt.required("status", .rootQuantity).minimalBytes
  }
}

extension RPCValueDecoder<Log> {
  /// A log of a receipt.
  static var rootLog: Self {
    Self { value throws(RPCValueError) in
      guard let log = value.objectValue else { throw .wrongType(expected: "a log") }
      return Log(
        address: try log.required("address", .address),
        topics: try log.required("topics", .array(.hash)),
        data: try log.required("data", .data))
    }
  }
}

extension RPCValueDecoder<MessageHint?> {
  /// Where a log of the state sender lies; null for one that was taken back.
  static var messageHint: Self {
    Self { value throws(RPCValueError) in
      guard let log = value.objectValue else { throw .wrongType(expected: "a log") }
      if log["removed"]?.boolValue == true { return nil }
      let topics = try log.required("topics", .array(.hash))
      guard topics.count > 1, let id = UInt64(exactly: UInt256(topics[1])) else { return nil }
      return MessageHint(
        id: id, block: try log.required("blockNumber", .quantity64),
        transactionIndex: try log.required("transactionIndex", .quantity64),
        transaction: try log.required("transactionHash", .hash))
    }
  }
}
