internal import ChainTypes
internal import HeapModule
public import Primitives

/// What a pool held at one moment, in the order in which a block builder should take it: the
/// dearest effective tip first, then the earliest arrival, each sender's in nonce order.
public struct PoolSource: TransactionSource, Sendable {
  /// The first not yet offered of one sender.
  private struct Cursor: Comparable, Sendable {
    let tip: UInt256
    let arrival: UInt64
    let chain: Int
    let position: Int

    static func < (left: Self, right: Self) -> Bool {
      if left.tip != right.tip { return left.tip < right.tip }
      return left.arrival > right.arrival
    }
  }

  private let baseFee: UInt256
  private let chains: [[PoolTransaction]]
  private var heap: Heap<Cursor> = []
  private var offered: Cursor?
  /// The senders of whose transactions one was refused though it fits a block: the pool should
  /// look at their accounts again.
  public private(set) var refused: Set<Address> = []

  init(_ chains: [[PoolTransaction]], baseFee: UInt256) {
    self.baseFee = baseFee
    self.chains = chains
    heap = Heap(chains.indices.compactMap { cursor($0, 0) })
  }

  /// The next candidate; the one before it counts as taken unless `skip` said otherwise.
  public mutating func next() -> RecoveredTransaction? {
    if let offered, let following = cursor(offered.chain, offered.position + 1) {
      heap.insert(following)
    }
    offered = heap.popMax()
    return offered.map { chains[$0.chain][$0.position].recovered }
  }

  /// Leaves out the sender's later ones.
  public mutating func skip(
    _ transaction: RecoveredTransaction, _ rejection: TransactionRejection
  ) {
    offered = nil
    switch rejection {
    case .gasLimitReached, .blockBytesReached: return
    default: refused.insert(transaction.sender)
    }
  }

  /// Nil when there is none, or when it waits for a lower base fee.
  private func cursor(_ chain: Int, _ position: Int) -> Cursor? {
    guard position < chains[chain].count,
      let tip = chains[chain][position].effectiveTip(baseFee: baseFee)
    else { return nil }
    return Cursor(
      tip: tip, arrival: chains[chain][position].arrival, chain: chain, position: position)
  }
}
