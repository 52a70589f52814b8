internal import ChainTypes
internal import Synchronization

/// Callers with vouchers, until one of them takes all of them into the books.
///
/// Whoever finds nobody at it leads: so many vouchers cost one visit to the books, and each
/// caller but the one who leads is woken once, with its answer. The first who is woken wakes the
/// others: woken by the one who goes on with the books, each might cost two changes of thread.
final class VoucherInbox: Sendable {
  /// A caller, its voucher, and where the answer goes.
  struct Entry {
    var voucher: SignedVoucher
    var peer: PeerID
    var continuation: CheckedContinuation<Turn, Never>

    var slot: VoucherIntake.Slot { .init(peer: peer, channel: voucher.channelID) }
  }

  /// What a caller is told.
  enum Turn {
    /// The answer.
    case told(Result<PayeeCredit, ChannelError>)
    /// Nobody leads: take yours in, and all that come.
    case first
    /// Yours is in line: verify it, and what comes before it.
    case lead
    /// Yours is verified: write it, with all that is.
    case write
  }

  private struct Answer {
    var continuation: CheckedContinuation<Turn, Never>
    var turn: Turn
  }

  private struct State {
    var entries: [Entry] = []
    var isLed = false
    /// Answers that are not told yet.
    var answers: [Answer] = []
    /// Whether somebody was woken who will wake the others.
    var isTelling = false
  }

  private let state = Mutex(State())

  /// Returns when the voucher has its answer, or its caller something to do.
  func enter(_ voucher: SignedVoucher, from peer: PeerID) async -> Turn {
    await withCheckedContinuation { continuation in
      let isFirst = state.withLock { state in
        guard state.isLed else {
          state.isLed = true
          return true
        }
        state.entries.append(Entry(voucher: voucher, peer: peer, continuation: continuation))
        return false
      }
      if isFirst { continuation.resume(returning: .first) }
    }
  }

  /// Puts an answer in line, for `tell`.
  func answer(_ entry: Entry, _ answer: Result<PayeeCredit, ChannelError>) {
    state.withLock {
      $0.answers.append(Answer(continuation: entry.continuation, turn: .told(answer)))
    }
  }

  /// Sees to it that the answers in line are told.
  func tell() {
    let first = state.withLock { state in
      guard !state.isTelling, !state.answers.isEmpty else { return nil as Answer? }
      state.isTelling = true
      return state.answers.removeFirst()
    }
    if let first { first.continuation.resume(returning: first.turn) }
  }

  /// Wakes all others with an answer; to be called by everyone who was told his.
  func tellOthers() {
    let others = state.withLock { state in
      state.isTelling = false
      defer { state.answers = [] }
      return state.answers
    }
    for other in others { other.continuation.resume(returning: other.turn) }
  }

  /// The oldest entries, for the one who leads.
  func take(limit: Int) -> [Entry] {
    state.withLock { state in
      guard state.entries.count > limit else {
        defer { state.entries = [] }
        return state.entries
      }
      defer { state.entries.removeFirst(limit) }
      return Array(state.entries.prefix(limit))
    }
  }

  /// Ends the lead, unless somebody came meanwhile; the next one to come leads then.
  func leave() -> Bool {
    state.withLock { state in
      state.isLed = !state.entries.isEmpty
      return !state.isLed
    }
  }
}
