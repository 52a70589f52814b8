internal import ChainTypes
internal import Logging
internal import Synchronization

/// The local transactions on disk, so that they are there again after a restart.
///
/// Frames are added without being synced: they outlive the process, not a power cut. When the file
/// holds more than twice what the pool does, it is written anew. A failing disk costs the pool
/// nothing but the journal: it warns once and tries again with each transaction.
final class PoolJournal: Sendable {
  private struct State {
    var storage: any JournalStorage
    var byteCount = 0
    var hasFailed = false
  }

  /// Below this size a journal is never written anew.
  private static let smallSize = 1 << 20

  private let state: Mutex<State>
  private let logger: Logger

  init(storage: any JournalStorage, logger: Logger) {
    state = Mutex(State(storage: storage))
    self.logger = logger
  }

  /// What the journal holds, in the order in which it can be added; nil when there is nothing in
  /// it, or when it cannot be read.
  func load() -> [SignedTransaction]? {
    do {
      let data = try state.withLock { try $0.storage.load() }
      guard !data.isEmpty else { return nil }
      let (transactions, lostBytes) = JournalFrame.decode(data)
      if lostBytes > 0 {
        logger.warning(
          "part of the transaction journal is unreadable and left out",
          metadata: ["bytes": "\(lostBytes)", "transactions": "\(transactions.count)"])
      }
      // Of two with one nonce the replacement came later; a stable order keeps that.
      return transactions.enumerated()
        .map { (nonce: $0.element.transaction.nonce, place: $0.offset, $0.element) }
        .sorted { ($0.nonce, $0.place) < ($1.nonce, $1.place) }
        .map(\.2)
    } catch {
      logger.warning(
        "the transaction journal cannot be read; the pool starts empty",
        metadata: ["error": "\(error)"])
      return nil
    }
  }

  /// Adds a transaction, and says whether the journal should be written anew; `live` is how many
  /// bytes it would then have.
  func append(_ transaction: SignedTransaction, live: Int) -> Bool {
    let frame = JournalFrame.encode(transaction)
    return state.withLock { state in
      attempt(&state) { state in
        try state.storage.append(frame)
        state.byteCount += frame.count
      }
      return state.byteCount > max(2 * live, Self.smallSize)
    }
  }

  /// Writes the journal anew with what `transactions` gives when nothing can be added meanwhile.
  func rewrite(_ transactions: () -> [SignedTransaction]) {
    state.withLock { state in
      let transactions = transactions()
      attempt(&state) { state in
        try state.storage.replace(with: transactions.lazy.map(JournalFrame.encode))
        state.byteCount = transactions.reduce(0) {
          $0 + $1.encoded.count + JournalFrame.headerCount
        }
      }
    }
  }

  private func attempt(_ state: inout State, _ action: (inout State) throws -> Void) {
    do {
      try action(&state)
      if state.hasFailed { logger.notice("the transaction journal can be written again") }
      state.hasFailed = false
    } catch {
      if !state.hasFailed {
        logger.warning(
          "the transaction journal cannot be written: a restart may lose transactions that wait",
          metadata: ["error": "\(error)"])
      }
      state.hasFailed = true
    }
  }
}
