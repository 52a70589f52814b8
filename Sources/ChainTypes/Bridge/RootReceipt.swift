public import Primitives

/// A receipt of a root chain, as its block's receipts root covers it (EIP-658, EIP-2718).
///
/// Unlike this chain's own `Receipt` it may be of any type, and of the time before receipts had a
/// status.
public struct RootReceipt: Hashable, Sendable {
  /// The most bytes of a receipt that is decoded unless more is asked for.
  public static let maximumSize = 2 << 20

  /// What a receipt tells of how its transaction ended.
  public enum Outcome: Hashable, Sendable {
    /// It ran to its end.
    case succeeded
    /// It did not, and left no logs.
    case failed
    /// It is older than Byzantium: the state root after it.
    case stateRoot(Hash256)
  }

  /// The transaction's type, 0 for legacy.
  public var type: UInt8
  /// How the transaction ended.
  public var outcome: Outcome
  /// Gas used in the block up to and with this transaction.
  public var cumulativeGasUsed: UInt64
  /// The filter of the logs, as the receipt carries it.
  public var bloom: Bloom
  /// The events.
  public var logs: [Log]

  /// A receipt, with the filter of its logs.
  public init(type: UInt8 = 0, outcome: Outcome, cumulativeGasUsed: UInt64, logs: [Log]) {
    self.type = type
    self.outcome = outcome
    self.cumulativeGasUsed = cumulativeGasUsed
    self.logs = logs
    bloom = logs.isEmpty ? .empty : Bloom(logs)
  }

  /// Decodes a receipt of at most `maximumSize` bytes with nothing after it.
  ///
  /// The filter is taken as it is: `isBloomRight` tells whether it is that of the logs.
  public init(
    decoding bytes: [UInt8], maximumSize: Int = Self.maximumSize
  ) throws(RootDataError) {
    guard bytes.count <= maximumSize else { throw .tooLarge }
    let first = bytes.first ?? 0
    guard (1..<0x80).contains(first) || first >= 0xc0 else { throw .unknownReceiptType(first) }
    type = first < 0x80 ? first : 0
    do throws(RLPError) {
      var list = try RLPDecoder.list(type == 0 ? bytes : [UInt8](bytes.dropFirst()))
      outcome = try Self.readOutcome(&list)
      cumulativeGasUsed = try list.readUInt64()
      let filter = try list.readString()
      guard let bloom = Bloom(filter) else {
        throw .wrongLength(expected: 256, actual: filter.count)
      }
      self.bloom = bloom
      var inner = try list.readList()
      try list.finish()
      logs = []
      while !inner.isAtEnd {
        let log = try Log(decoding: &inner)
        guard log.topics.count <= 4 else { throw .trailingBytes }
        logs.append(log)
      }
    } catch {
      throw .malformed(error)
    }
  }

  private static func readOutcome(_ list: inout RLPDecoder) throws(RLPError) -> Outcome {
    let bytes = try list.readString()
    if let root = Hash256(bytes) { return .stateRoot(root) }
    if bytes.isEmpty { return .failed }
    guard bytes.elementsEqual([1]) else {
      throw .wrongLength(expected: 32, actual: bytes.count)
    }
    return .succeeded
  }

  /// Whether the filter is that of the logs.
  public var isBloomRight: Bool { bloom == (logs.isEmpty ? .empty : Bloom(logs)) }

  /// The canonical bytes under the receipts root.
  public var encoded: [UInt8] {
    var encoder = RLPEncoder(capacity: 320 + logs.reduce(0) { $0 + 192 + $1.data.count })
    if type != 0 { encoder.append([type]) }
    encoder.list { list in
      switch outcome {
      case .succeeded: list.append(1 as UInt64)
      case .failed: list.append(0 as UInt64)
      case .stateRoot(let root): list.append(root)
      }
      list.append(cumulativeGasUsed)
      list.append(bloom.bytes)
      list.list { inner in
        for log in logs { log.encode(into: &inner) }
      }
    }
    return encoder.bytes
  }
}
