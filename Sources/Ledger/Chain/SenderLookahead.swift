public import ChainTypes
internal import Dispatch
public import Primitives
internal import Synchronization

/// The senders of a block's transactions, recovered in the background.
///
/// Whoever takes in a row of blocks starts the next block's lookahead before it executes and
/// writes the one at hand, so that no core waits for the disk:
///
///     let senders = try lookahead.wait()
///     lookahead = SenderLookahead(next)
///     let prepared = try chain.prepare(block, now: now, senders: senders)
public final class SenderLookahead: Sendable {
  private let group = DispatchGroup()
  private let result = Mutex<Result<[Address], any Error>>(.success([]))

  /// Starts to recover the senders.
  public init(_ sealed: SealedBlock) {
    let transactions = sealed.block.transactions
    DispatchQueue.global(qos: .userInitiated).async(group: group) { [self] in
      let recovered = Result { try SenderRecovery.senders(of: transactions) }
      result.withLock { $0 = recovered }
    }
  }

  /// Waits for the senders, in the order of the transactions.
  ///
  /// - Throws: `LedgerError` that names the first transaction whose signature fits no key.
  public func wait() throws -> [Address] {
    group.wait()
    return try result.withLock { $0 }.get()
  }
}
