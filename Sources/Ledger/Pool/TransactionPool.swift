internal import ChainTypes
public import Logging
public import Primitives
internal import Synchronization

/// The transactions that wait for a block.
///
/// Whatever is in the pool could stand in a block as far as the chain's rules and its sender's
/// account go; per sender, those with the next nonces that the balance covers together are pending,
/// the others queued. Work per transaction grows with the logarithm of what is in the pool, and
/// each bound of `Configuration` holds at every moment.
public final class TransactionPool: Sendable {
  /// The bounds of the pool.
  public let configuration: Configuration
  let state: Mutex<PoolState>
  let journal: PoolJournal?
  let clock: @Sendable () -> UInt64
  let logger: Logger
  /// Held while the pool follows the chain, so that heads come one after the other.
  let headOrder = Mutex(())
  private let arrivals = Broadcast<Hash256>(capacity: 10_000)
  private let readers = Broadcast<Void>(capacity: 1)

  /// A pool over a chain, with what its journal holds.
  ///
  /// - Parameters:
  ///   - configuration: the bounds.
  ///   - view: the chain's newest view.
  ///   - clock: seconds since 1970.
  ///   - logger: where trouble with the journal goes.
  /// - Throws: `ConfigurationError`.
  public convenience init(
    configuration: Configuration = Configuration(), view: ChainView,
    clock: @escaping @Sendable () -> UInt64, logger: Logger
  ) throws {
    try configuration.validate()
    self.init(
      configuration: configuration, head: PoolHead(view),
      storage: configuration.journalPath.map { JournalFile(path: $0) }, clock: clock,
      logger: logger)
  }

  /// A pool over any head and any journal.
  package init(
    configuration: Configuration, head: PoolHead, storage: (any JournalStorage)?,
    clock: @escaping @Sendable () -> UInt64, logger: Logger
  ) {
    self.configuration = configuration
    self.clock = clock
    self.logger = logger
    state = Mutex(PoolState(limits: configuration, head: head))
    journal = storage.map { PoolJournal(storage: $0, logger: logger) }
    restoreJournal()
  }

  /// Takes a transaction in, or says why not.
  ///
  /// A local one, sent by this node's own users, never makes room for a remote one, and is in the
  /// journal when this returns.
  public func add(
    _ transaction: RecoveredTransaction, isLocal: Bool
  ) throws(PoolError) -> Outcome {
    let insertion = try insert(transaction, isLocal: isLocal)
    if isLocal, let journal, journal.append(transaction.signed, live: insertion.journalByteCount) {
      journal.rewrite { localTransactions() }
    }
    announce(insertion.ready)
    return insertion.outcome
  }

  func announce(_ ready: [Hash256]) {
    guard !ready.isEmpty else { return }
    arrivals.send(ready)
    readers.send(CollectionOfOne(()))
  }

  /// A signal whenever the pool may have something for a block that it had not before; one comes at
  /// once when there is something.
  public func readiness() -> AsyncStream<Void> {
    readers.stream(first: status.pending > 0 ? () : nil)
  }

  /// The hashes of transactions as they become pending; a reader that lags behind by more than
  /// 10 000 loses the oldest.
  public func updates() -> AsyncStream<Hash256> { arrivals.stream() }

  /// Ends `readiness` and `updates`.
  public func close() {
    readers.finish()
    arrivals.finish()
  }
}
