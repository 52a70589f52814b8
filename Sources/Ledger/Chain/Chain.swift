public import ChainTypes
public import KeyValueStore
internal import Keys
public import Logging
public import Primitives
internal import Synchronization
internal import Trie

/// The chain of committed blocks in one database.
///
/// One block at a time is prepared and committed; reads go through `view`, never wait for writers,
/// and each see one height. A committed block never reverts.
public final class Chain: Sendable {
  /// What the owner decides about storage.
  public struct Configuration: Hashable, Sendable {
    /// For how many blocks the state stays readable, at least 1; nil for all of them.
    public var history: UInt64?

    /// The defaults: all history.
    public init(history: UInt64? = nil) { self.history = history }
  }

  /// The chain's rules.
  public let genesis: Genesis
  /// The hash of block 0.
  public let genesisHash: Hash256
  /// What the owner decided.
  public let configuration: Configuration
  package let executor: Executor
  private let store: any KeyValueStore
  private let logger: Logger
  private let current: Mutex<ChainView>
  private let writing = Mutex(())
  // The tries are no `Sendable`: the compiler can't see that `writing` guards them.
  nonisolated(unsafe) private var writer = Writer()
  private let watchers = Mutex(Watchers())

  private struct Watchers {
    var next: UInt64 = 0
    var continuations: [UInt64: AsyncStream<ChainView>.Continuation] = [:]
  }

  private struct Writer {
    var tries = StateTries()
    /// The block whose state the tries hold, when it is not the head.
    var prepared: Hash256?
    /// Set when a write failed: what the disk holds is then unknown, and nothing more is written.
    var failure: (any Error)?
  }

  /// Opens the chain in `store`.
  ///
  /// - Throws: `LedgerError` when the store holds no chain, one of another version, or damage;
  ///   `StoreError`.
  public init(
    store: any KeyValueStore, configuration: Configuration = Configuration(), logger: Logger
  ) throws {
    self.store = store
    self.configuration = configuration
    self.logger = logger
    let stored = try Self.read(store)
    genesis = stored.rules
    genesisHash = stored.genesisHash
    executor = Executor(genesis: stored.rules)
    current = Mutex(
      try ChainView(
        snapshot: store.snapshot(), executor: executor, genesisHash: stored.genesisHash))
  }

  /// The newest committed height.
  public var view: ChainView { current.withLock { $0 } }

  /// The newest view now and after each commit; a slow reader skips to the newest.
  public func updates() -> AsyncStream<ChainView> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: ChainView.self, bufferingPolicy: .bufferingNewest(1))
    let id = watchers.withLock { watchers in
      watchers.next += 1
      watchers.continuations[watchers.next] = continuation
      return watchers.next
    }
    continuation.onTermination = { [weak self] _ in
      self?.watchers.withLock { _ = $0.continuations.removeValue(forKey: id) }
    }
    // A block may be committed between the look and the yield, and must not be hidden by it.
    var seen = view
    continuation.yield(seen)
    while seen !== view {
      seen = view
      continuation.yield(seen)
    }
    return stream
  }

  /// Ends all `updates` and closes the store.
  ///
  /// Views can still be read; the lock on the files is released with the last of them.
  public func close() {
    let continuations = watchers.withLock { watchers in
      defer { watchers.continuations.removeAll() }
      return Array(watchers.continuations.values)
    }
    for continuation in continuations { continuation.finish() }
    store.close()
  }

  // MARK: Making blocks

  /// The context of the block after the head.
  package func nextContext(
    after view: ChainView, timestamp: UInt64, feeRecipient: Address
  ) -> BlockContext {
    let parent = view.head
    return BlockContext(
      chainID: genesis.chainID, number: parent.number + 1,
      timestamp: max(parent.timestamp, timestamp), baseFee: view.nextBaseFee,
      feeRecipient: feeRecipient, gasLimit: genesis.gasLimit)
  }

  /// Builds the next block out of what `source` offers.
  ///
  /// - Throws: the store's error; transactions that cannot stand in the block are left out.
  public func build(
    _ attributes: BlockAttributes, from source: inout some TransactionSource
  ) throws -> PreparedBlock {
    let view = view
    let context = nextContext(
      after: view, timestamp: attributes.timestamp, feeRecipient: attributes.feeRecipient)
    var execution = BlockExecution(executor: executor, context: context, state: view.state)
    while execution.gasUsed + 21_000 <= context.gasLimit, let candidate = source.next() {
      do {
        try execution.run(candidate.signed, from: candidate.sender)
      } catch let rejection as TransactionRejection {
        source.skip(candidate, rejection)
      }
    }
    return try finish(execution, over: view, extraData: attributes.extraData)
  }

  /// Executes a block that another node made, and checks it whole: seal, place, time, roots.
  ///
  /// - Parameters:
  ///   - sealed: the block.
  ///   - now: the receiver's clock, in seconds since 1970.
  ///   - senders: the senders, when they have been recovered already.
  /// - Returns: the block, ready to be committed.
  /// - Throws: `LedgerError` with code `invalidBlock` or `outOfOrder`, or the store's error.
  public func prepare(
    _ sealed: SealedBlock, now: UInt64, senders: [Address]? = nil
  ) throws -> PreparedBlock {
    let view = view
    let header = sealed.block.header
    let hash = header.hash
    guard header.number == view.head.number + 1 else {
      throw LedgerError(
        .outOfOrder,
        "block \(header.number) (\(hash)) cannot follow the head, block \(view.head.number): "
          + "blocks come in order")
    }
    func invalid(_ cause: String) -> LedgerError {
      LedgerError(
        .invalidBlock,
        "block \(header.number) (\(hash)) is refused: \(cause); get it from "
          + "another node of this chain")
    }
    guard header.parentHash == view.headHash else {
      throw invalid("its parent is \(header.parentHash), ours is \(view.headHash)")
    }
    let signer = try? sealed.seal.recoverSigner(
      chainID: genesis.chainID, height: header.number, blockHash: hash)
    guard let signer, genesis.makesBlocks(signer) else {
      throw invalid(
        "its seal is by \(signer?.checksummed ?? "nobody"), who is no block maker of this chain")
    }
    guard header.timestamp >= view.head.timestamp else {
      throw invalid("its time is before its parent's")
    }
    guard header.timestamp <= now.addingReportingOverflow(BlockLimits.maximumClockLead).partialValue
    else {
      throw invalid(
        "its time is \(header.timestamp - now) s ahead of this machine's clock: check both clocks")
    }
    guard header.gasLimit == genesis.gasLimit else {
      throw invalid("its gas limit is not the chain's")
    }
    guard header.baseFeePerGas == view.nextBaseFee else {
      throw invalid("its base fee is \(header.baseFeePerGas), must be \(view.nextBaseFee)")
    }
    let context = BlockContext(
      chainID: genesis.chainID, number: header.number, timestamp: header.timestamp,
      baseFee: header.baseFeePerGas, feeRecipient: header.feeRecipient, gasLimit: header.gasLimit)
    let transactions = sealed.block.transactions
    let senders = try senders ?? SenderRecovery.senders(of: transactions)
    var execution = BlockExecution(executor: executor, context: context, state: view.state)
    try execution.overlay.prefetch(senders + transactions.compactMap(\.transaction.to))
    for (index, (transaction, sender)) in zip(transactions, senders).enumerated() {
      do {
        try execution.run(transaction, from: sender)
      } catch let rejection as TransactionRejection {
        throw invalid("transaction \(index) (\(transaction.hash)): \(rejection)")
      }
    }
    let prepared = try finish(execution, over: view, extraData: header.extraData)
    guard prepared.hash == hash else {
      forgetPrepared()
      throw invalid(
        "executing it gives another header: \(Self.difference(prepared.block.header, header))")
    }
    return prepared
  }

  private func finish(
    _ execution: BlockExecution, over view: ChainView, extraData: [UInt8]
  ) throws -> PreparedBlock {
    try writing.withLock { _ in
      if let failure = writer.failure { throw failure }
      if writer.prepared != nil { writer.tries.reset() }
      do {
        let prepared = try execution.finish(
          parent: view.head, parentHash: view.headHash, extraData: extraData,
          tries: &writer.tries, snapshot: view.snapshot)
        writer.prepared = prepared.hash
        return prepared
      } catch {
        writer.tries.reset()
        writer.prepared = nil
        // Whoever sent the block is not to blame for rows that cannot be read.
        throw error is TrieError || error is TrieRowError
          ? Schema.corrupt("trie", "\(error)") : error
      }
    }
  }

  private func forgetPrepared() {
    writing.withLock { _ in
      writer.tries.reset()
      writer.prepared = nil
    }
  }

  /// Makes a prepared block the head: one synced batch, then `beforePublishing`, then it is visible.
  ///
  /// When this throws, the block is not visible in this process; whether it is on disk shows at the
  /// next start, and nothing more is committed until then.
  ///
  /// - Parameters:
  ///   - prepared: the block that was built or prepared last.
  ///   - seal: its seal.
  ///   - sync: whether the batch must be on disk before this returns.
  ///   - beforePublishing: runs between the write and the moment anybody can see the block; a
  ///     validator's double-sign guard goes here.
  /// - Returns: the view of the new head.
  /// - Throws: `StoreError`, or what `beforePublishing` throws.
  @discardableResult
  public func commit(
    _ prepared: PreparedBlock, seal: BlockSeal, sync: Bool = true,
    beforePublishing: () throws -> Void = {}
  ) throws -> ChainView {
    let published = try writing.withLock { _ in
      if let failure = writer.failure { throw failure }
      let previous = view
      guard writer.prepared == prepared.hash, prepared.block.header.parentHash == previous.headHash
      else {
        throw LedgerError(
          .outOfOrder, "block \(prepared.block.header.number) is not the one prepared last")
      }
      do {
        var batch = prepared.batch
        let number = prepared.block.header.number
        batch.put(Schema.seals.key(number), prepared.hash.bytes + seal.signature.bytes)
        try prune(after: number, previous.snapshot, batch: &batch)
        try store.write(batch, sync: sync)
        try beforePublishing()
        let next = try ChainView(
          snapshot: store.snapshot(), executor: executor, genesisHash: genesisHash,
          head: prepared.block.header, headHash: prepared.hash)
        writer.prepared = nil
        current.withLock { $0 = next }
        return next
      } catch {
        writer.failure = error
        writer.tries.reset()
        throw error
      }
    }
    for continuation in watchers.withLock({ Array($0.continuations.values) }) {
      continuation.yield(published)
    }
    return published
  }

  /// Adds the removal of history that falls out of its window.
  private func prune(
    after number: UInt64, _ snapshot: any StoreSnapshot, batch: inout WriteBatch
  ) throws {
    func drop(_ index: KeySpace, _ height: UInt64) throws {
      guard let row = try snapshot.get(index.key(height)) else { return }
      for key in KeyList.keys(in: row) { batch.delete(key) }
      batch.delete(index.key(height))
    }
    if number > NodeHistory.depth {
      try drop(Schema.nodeHistoryIndex, number - NodeHistory.depth)
    }
    guard let history = configuration.history.map({ max($0, 1) }), number > history else { return }
    // A window made shorter at a restart is caught up with a few blocks at a time.
    let oldest = try snapshot.get(Schema.oldestStateKey).flatMap(Schema.number) ?? 0
    let target = number - history
    var height = oldest
    while height < target, height - oldest < 64 {
      height += 1
      try drop(Schema.stateHistoryIndex, height)
    }
    if height != oldest { batch.put(Schema.oldestStateKey, Schema.bigEndian(height)) }
  }

  private static func difference(_ ours: BlockHeader, _ theirs: BlockHeader) -> String {
    var parts: [String] = []
    if ours.stateRoot != theirs.stateRoot { parts.append("state root \(ours.stateRoot)") }
    if ours.transactionsRoot != theirs.transactionsRoot {
      parts.append("transactions root \(ours.transactionsRoot)")
    }
    if ours.receiptsRoot != theirs.receiptsRoot {
      parts.append("receipts root \(ours.receiptsRoot)")
    }
    if ours.gasUsed != theirs.gasUsed { parts.append("gas used \(ours.gasUsed)") }
    if ours.logsBloom != theirs.logsBloom { parts.append("another bloom") }
    return parts.joined(separator: ", ")
  }
}

/// Bounds that every block keeps.
public enum BlockLimits {
  /// The most bytes of transactions in a block: 8 MiB.
  public static let maximumTransactionBytes = 8 << 20
  /// How many seconds a block's time may be ahead of the receiver's clock.
  public static let maximumClockLead: UInt64 = 2
}
