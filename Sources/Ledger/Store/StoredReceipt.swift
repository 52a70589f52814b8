public import ChainTypes
public import Primitives

/// A receipt with what reading it back needs besides: the sender, which is dear to recover.
public struct StoredReceipt: Hashable, Sendable {
  /// What the receipts root covers.
  public var receipt: Receipt
  /// The gas of this transaction alone.
  public var gasUsed: UInt64
  /// Who sent the transaction.
  public var sender: Address
  /// The number of logs that the block had before this transaction.
  public var firstLogIndex: Int

  /// The row of a block's receipts.
  static func encode(_ receipts: [StoredReceipt]) -> [UInt8] {
    var encoder = RLPEncoder(capacity: receipts.count * 40 + 16)
    encoder.list { list in
      for stored in receipts {
        list.list { item in
          item.append(UInt64(stored.receipt.kind.rawValue))
          item.append(stored.receipt.succeeded ? 1 : 0 as UInt64)
          item.append(stored.gasUsed)
          item.append(stored.sender)
          item.list { logs in
            for log in stored.receipt.logs { log.encode(into: &logs) }
          }
        }
      }
    }
    return encoder.bytes
  }

  /// Reads what `encode` wrote; nil when it is damaged.
  static func decode(_ bytes: [UInt8]) -> [StoredReceipt]? {
    do throws(RLPError) {
      var list = try RLPDecoder.list(bytes)
      var receipts: [StoredReceipt] = []
      var cumulative: UInt64 = 0
      var logCount = 0
      while !list.isAtEnd {
        var item = try list.readList()
        guard
          let kind = Transaction.Kind(rawValue: UInt8(truncatingIfNeeded: try item.readUInt64()))
        else { return nil }
        let succeeded = try item.readUInt64() == 1
        let gasUsed = try item.readUInt64()
        let sender = try item.readAddress()
        var inner = try item.readList()
        var logs: [Log] = []
        while !inner.isAtEnd { logs.append(try Log(decoding: &inner)) }
        cumulative &+= gasUsed
        receipts.append(
          StoredReceipt(
            receipt: Receipt(
              kind: kind, succeeded: succeeded, cumulativeGasUsed: cumulative, logs: logs),
            gasUsed: gasUsed, sender: sender, firstLogIndex: logCount))
        logCount += logs.count
      }
      return receipts
    } catch {
      return nil
    }
  }
}
