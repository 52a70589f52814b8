public import ChainTypes
internal import Dispatch
internal import KeyValueStore
public import Ledger
public import Logging

/// Where a follower gets blocks from.
public protocol SealedBlockSource: Sendable {
  /// The height of the source's newest block.
  func newestHeight() async throws -> UInt64
  /// The blocks from a height on, at most `count`, without a gap; fewer when there are no more.
  func sealedBlocks(from height: UInt64, count: Int) async throws -> [SealedBlock]
}

/// Keeps a chain up with another node's, trusting none of its answers: every seal is checked and
/// every block executed.
public final class Follower: Sendable {
  /// How a follower fetches.
  public struct Configuration: Sendable {
    /// How long to wait before asking again when there is nothing new.
    public var pollInterval: Duration = .milliseconds(250)
    /// The longest wait after failures; it doubles up to that.
    public var maximumRetryInterval: Duration = .seconds(15)
    /// The most blocks to ask for at a time.
    public var batchCount = 64

    /// The defaults.
    public init() {}
  }

  private let chain: Chain
  private let source: any SealedBlockSource
  private let configuration: Configuration
  private let clock: @Sendable () -> UInt64
  private let ticks: any Clock<Duration>
  private let committed: @Sendable (ChainView, [SignedTransaction]) -> Void
  private let logger: Logger
  private let queue = DispatchQueue(label: "btt.follower", qos: .userInitiated)

  /// A follower.
  ///
  /// - Parameters:
  ///   - chain: the chain to bring up.
  ///   - source: where blocks come from.
  ///   - configuration: how it fetches.
  ///   - clock: seconds since 1970.
  ///   - ticks: what measures the waits.
  ///   - logger: where progress goes.
  ///   - committed: told of every new head, with the transactions of its block.
  public init(
    chain: Chain, source: any SealedBlockSource, configuration: Configuration = Configuration(),
    clock: @escaping @Sendable () -> UInt64, ticks: any Clock<Duration> = ContinuousClock(),
    logger: Logger,
    committed: @escaping @Sendable (ChainView, [SignedTransaction]) -> Void = { _, _ in }
  ) {
    self.chain = chain
    self.source = source
    self.configuration = configuration
    self.clock = clock
    self.ticks = ticks
    self.logger = logger
    self.committed = committed
  }

  /// Follows until the task is cancelled.
  ///
  /// An endpoint that does not answer, or answers wrongly, is asked again, ever more rarely; only
  /// a failure of this node's own store ends it.
  ///
  /// - Throws: `StoreError`.
  public func run() async throws {
    var wait = configuration.pollInterval
    while !Task.isCancelled {
      do {
        let advanced = try await advance()
        wait = configuration.pollInterval
        if advanced { continue }
      } catch is CancellationError {
        return
      } catch let error where Self.isSourceFault(error) {
        logger.warning("cannot follow for the moment", metadata: ["cause": "\(error)"])
        wait = min(wait * 2, configuration.maximumRetryInterval)
      }
      do { try await ticks.sleep(for: wait) } catch { return }
    }
  }

  /// Fetches and commits what comes next.
  ///
  /// - Returns: whether there was anything.
  /// - Throws: the source's error, `LedgerError` for a block that does not hold, `StoreError`.
  public func advance() async throws -> Bool {
    let next = chain.view.head.number + 1
    let blocks = try await source.sealedBlocks(from: next, count: configuration.batchCount)
    // The senders of the next block are recovered while one is executed and written.
    var senders = blocks.first.map(SenderLookahead.init)
    for (index, sealed) in blocks.enumerated() {
      try Task.checkCancellation()
      let lookahead = senders
      senders = index + 1 < blocks.count ? SenderLookahead(blocks[index + 1]) : nil
      try await commit(sealed, lookahead)
    }
    return !blocks.isEmpty
  }

  private func commit(_ sealed: SealedBlock, _ senders: SenderLookahead?) async throws {
    let view = try await withCheckedThrowingContinuation { continuation in
      queue.async { [self] in
        continuation.resume(
          with: Result {
            let prepared = try chain.prepare(sealed, now: clock(), senders: senders?.wait())
            return try chain.commit(prepared, seal: sealed.seal)
          })
      }
    }
    committed(view, sealed.block.transactions)
  }

  private static func isSourceFault(_ error: any Error) -> Bool {
    if let error = error as? LedgerError { return error.code != .corrupt }
    return !(error is StoreError)
  }
}
