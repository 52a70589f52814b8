public import Primitives
internal import Trie

/// What a transaction did, as the receipts root covers it (EIP-658, EIP-2718).
public struct Receipt: Hashable, Sendable {
  /// The transaction's envelope.
  public var kind: Transaction.Kind
  /// Whether it ran to its end; false when it reverted or ran out of gas.
  public var succeeded: Bool
  /// Gas used in the block up to and with this transaction.
  public var cumulativeGasUsed: UInt64
  /// Its events.
  public var logs: [Log]

  /// A receipt.
  public init(
    kind: Transaction.Kind, succeeded: Bool, cumulativeGasUsed: UInt64, logs: [Log]
  ) {
    self.kind = kind
    self.succeeded = succeeded
    self.cumulativeGasUsed = cumulativeGasUsed
    self.logs = logs
  }

  /// The filter of its logs.
  public var bloom: Bloom { logs.isEmpty ? .empty : Bloom(logs) }

  /// The canonical bytes under the receipts root.
  public var encoded: [UInt8] { encoded(bloom: bloom) }

  /// The canonical bytes, when the bloom is known already.
  package func encoded(bloom: Bloom) -> [UInt8] {
    var encoder = RLPEncoder(capacity: 300)
    if kind != .legacy { encoder.append(UInt64(kind.rawValue)) }
    encoder.list { list in
      list.append(succeeded ? 1 : 0 as UInt64)
      list.append(cumulativeGasUsed)
      list.append(bloom.bytes)
      list.list { inner in
        for log in logs { log.encode(into: &inner) }
      }
    }
    return encoder.bytes
  }
}

extension Receipt {
  /// The root over receipts, as a header carries it.
  public static func root(_ receipts: [Receipt]) -> Hash256 {
    OrderedTrie.root(of: receipts.map(\.encoded))
  }
}

extension Receipt {
  /// Reads the canonical bytes; the bloom must be that of the logs.
  package init(decoding bytes: [UInt8]) throws(RLPError) {
    var kind = Transaction.Kind.legacy
    var body = bytes[...]
    if let first = bytes.first, first < 0x80 {
      guard first != 0, let typed = Transaction.Kind(rawValue: first) else {
        throw .unexpectedKind
      }
      kind = typed
      body = body.dropFirst()
    }
    var list = try RLPDecoder.list([UInt8](body))
    let status = try list.readUInt64()
    let cumulativeGasUsed = try list.readUInt64()
    let bloom = try list.readString()
    var inner = try list.readList()
    try list.finish()
    var logs: [Log] = []
    while !inner.isAtEnd { logs.append(try Log(decoding: &inner)) }
    self.init(
      kind: kind, succeeded: status == 1, cumulativeGasUsed: cumulativeGasUsed, logs: logs)
    guard status < 2, bloom.elementsEqual(self.bloom.bytes) else { throw .unexpectedKind }
  }
}
