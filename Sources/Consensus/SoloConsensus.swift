internal import ChainTypes
internal import Dispatch
public import Keys
public import Ledger
public import Logging
public import Primitives
internal import Synchronization

/// One validator that makes every block; each is final at once.
public final class SoloConsensus: BlockProducer {
  /// When blocks are made.
  public enum Pace: Hashable, Sendable {
    /// As soon as the pool has something.
    case onDemand
    /// At this interval, whether or not the pool has something.
    case every(Duration)
  }

  /// What a validator decides.
  public struct Configuration: Sendable {
    /// When blocks are made.
    public var pace: Pace
    /// Who gets the tips; nil for the validator's own address.
    public var feeRecipient: Address?
    /// Up to 32 bytes in each block.
    public var extraData: [UInt8]

    /// A configuration; by default a block a second.
    public init(
      pace: Pace = .every(.seconds(1)), feeRecipient: Address? = nil, extraData: [UInt8] = []
    ) {
      self.pace = pace
      self.feeRecipient = feeRecipient
      self.extraData = extraData
    }
  }

  private let chain: Chain
  private let pool: TransactionPool
  private let key: PrivateKey
  private let signGuard: DoubleSignGuard?
  private let configuration: Configuration
  private let clock: @Sendable () -> UInt64
  private let ticks: any Clock<Duration>
  private let logger: Logger
  // Blocks are made one at a time on a thread of its own: executing and syncing block it.
  private let queue = DispatchQueue(label: "btt.solo", qos: .userInitiated)

  /// A validator over a chain and a pool.
  ///
  /// - Parameters:
  ///   - chain: the chain to extend.
  ///   - pool: where transactions come from.
  ///   - key: the validator's key.
  ///   - signGuard: the memory of what was sealed; nil only for a chain that nobody else sees.
  ///   - configuration: pace and fee recipient.
  ///   - clock: seconds since 1970.
  ///   - ticks: what measures the interval between blocks.
  ///   - logger: where progress goes.
  /// - Throws: `LedgerError` when the key is no block maker of the chain, `GuardError` when the
  ///   database is older than what the key has sealed.
  public init(
    chain: Chain, pool: TransactionPool, key: PrivateKey, signGuard: DoubleSignGuard?,
    configuration: Configuration, clock: @escaping @Sendable () -> UInt64,
    ticks: any Clock<Duration> = ContinuousClock(), logger: Logger
  ) throws {
    guard chain.genesis.makesBlocks(key.address) else {
      let makers = chain.genesis.validators.filter(\.makesBlocks).map(\.address.checksummed)
      throw LedgerError(
        .invalidBlock,
        "the validator key's address \(key.address) may make no blocks on \(chain.genesis.name); "
          + "genesis names \(makers.joined(separator: ", "))")
    }
    let view = chain.view
    let head = DoubleSignGuard.Mark(height: view.head.number, hash: view.headHash)
    if let signGuard {
      try signGuard.check(head: head)
      // A block can be on disk that the guard had no time to hear of, and others may see it now.
      if signGuard.last.map({ $0.height < head.height }) ?? true { try signGuard.record(head) }
    }
    self.chain = chain
    self.pool = pool
    self.key = key
    self.signGuard = signGuard
    self.configuration = configuration
    self.clock = clock
    self.ticks = ticks
    self.logger = logger
  }

  /// Makes blocks at its pace until the task is cancelled, or a block cannot be made safely.
  ///
  /// - Throws: the error that made it stop.
  public func run() async throws {
    switch configuration.pace {
    case .onDemand:
      for await _ in pool.readiness() {
        while pool.hasExecutable(baseFee: chain.view.nextBaseFee), !Task.isCancelled {
          let view = try await makeBlock(timestamp: nil)
          // What the pool offers may all have been refused: wait for something new then.
          if view.head.gasUsed == 0 { break }
        }
      }
    case .every(let interval):
      try await run(every: interval, on: ticks)
    }
  }

  private func run<C: Clock<Duration>>(every interval: Duration, on ticks: C) async throws {
    var next = ticks.now
    while !Task.isCancelled {
      next = max(next.advanced(by: interval), ticks.now)
      do { try await ticks.sleep(until: next, tolerance: nil) } catch { return }
      _ = try await makeBlock(timestamp: nil)
    }
  }

  /// Makes one block now.
  ///
  /// - Parameter timestamp: the block's least time; nil for the clock's.
  /// - Returns: the view of the new head.
  /// - Throws: `StoreError`, `GuardError` or `LedgerError`.
  public func makeBlock(timestamp: UInt64?) async throws -> ChainView {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { [self] in
        continuation.resume(with: Result { try makeBlockNow(timestamp: timestamp ?? clock()) })
      }
    }
  }

  private func makeBlockNow(timestamp: UInt64) throws -> ChainView {
    var source = pool.source(baseFee: chain.view.nextBaseFee)
    let prepared = try chain.build(
      BlockAttributes(
        timestamp: timestamp, feeRecipient: configuration.feeRecipient ?? key.address,
        extraData: configuration.extraData),
      from: &source)
    let mark = DoubleSignGuard.Mark(height: prepared.block.header.number, hash: prepared.hash)
    try signGuard?.checkMaySeal(mark)
    let seal = try BlockSeal(
      chainID: chain.genesis.chainID, height: mark.height, blockHash: mark.hash, key: key)
    let view = try chain.commit(prepared, seal: seal) { try signGuard?.record(mark) }
    pool.headChanged(to: view, included: prepared.block.transactions, refused: source.refused)
    logger.debug(
      "block committed",
      metadata: [
        "number": "\(mark.height)", "hash": "\(mark.hash)",
        "transactions": "\(prepared.block.transactions.count)",
        "gasUsed": "\(prepared.block.header.gasUsed)",
      ])
    return view
  }
}
