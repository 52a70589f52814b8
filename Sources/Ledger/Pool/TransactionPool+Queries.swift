internal import ChainTypes
public import Primitives
internal import Synchronization

extension TransactionPool {
  /// How many transactions there are.
  public var status: Status {
    state.withLock {
      Status(pending: $0.pendingCount, queued: $0.gappedCount, byteCount: $0.byteCount)
    }
  }

  /// The height that the pool has followed the chain to.
  public var headNumber: UInt64 { state.withLock { $0.head.number } }

  /// The transaction with a hash, or nil when it is not in the pool.
  public func transaction(_ hash: Hash256) -> RecoveredTransaction? {
    state.withLock { $0.byHash[hash]?.recovered }
  }

  /// The nonce after the sender's pending transactions, or the account's when it has none.
  ///
  /// - Throws: the store's error.
  public func pendingNonce(of sender: Address) throws -> UInt64 {
    let (nonce, head) = state.withLock { ($0.senders[sender]?.nextNonce, $0.head) }
    return try nonce ?? head.account(sender)?.nonce ?? 0
  }

  /// All there is, by sender.
  public func content() -> [Address: Content] {
    state.withLock { $0.senders }.mapValues(Content.init)
  }

  /// What there is of one sender.
  public func content(of sender: Address) -> Content {
    state.withLock { $0.senders[sender] }.map(Content.init) ?? Content()
  }

  /// The hashes of all pending transactions in the order of their arrival.
  public func pendingHashes() -> [Hash256] {
    state.withLock { $0.senders.values.flatMap(\.pending) }
      .sorted { $0.arrival < $1.arrival }.map(\.hash)
  }

  /// How many times a transaction has become pending: where `arrivals(since:)` goes on from.
  public var arrivalCount: UInt64 { state.withLock { $0.announced.count } }

  /// The hashes of transactions that became pending after the first `count`, or as many of them as
  /// are remembered: the newest 10 000.
  ///
  /// - Returns: the hashes in order, and the count to ask with next time.
  public func arrivals(since count: UInt64) -> (hashes: [Hash256], next: UInt64) {
    state.withLock { ($0.announced.hashes(since: count), $0.announced.count) }
  }

  /// What there is for a block at a base fee, best first.
  public func source(baseFee: UInt256) -> PoolSource {
    let chains = state.withLock { $0.senders.values.map(\.pending) }
    return PoolSource(chains, baseFee: baseFee)
  }

  /// Whether there is something for a block at a base fee.
  public func hasExecutable(baseFee: UInt256) -> Bool {
    state.withLock { state in
      state.senders.values.contains { $0.pending.first.map { $0.feeCap >= baseFee } ?? false }
    }
  }
}

extension TransactionPool.Content {
  init(_ queue: SenderQueue) {
    pending = queue.pending.map(\.signed)
    queued = queue.gapped.map(\.signed)
  }
}
