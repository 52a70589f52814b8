internal import ChainTypes
internal import Synchronization

/// Callers with vouchers, until one of them takes all of them into the books.
///
/// Whoever finds nobody at it leads: so many vouchers cost one visit to the books, and each
/// caller but the one who leads is woken once, with its answer. Each wakes the next: woken by
/// one that goes on with its work, every one of them would cost two changes of thread.
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

  private struct State {
    var entries: [Entry] = []
    var isLed = false
    /// Answers that are not told yet: those from `nextAnswer` on.
    var answers: [(continuation: CheckedContinuation<Turn, Never>, turn: Turn)] = []
    var nextAnswer = 0
    /// Whether somebody was woken who will wake the next.
    var isTelling = false

    mutating func takeAnswer() -> (continuation: CheckedContinuation<Turn, Never>, turn: Turn)? {
      guard nextAnswer < answers.count else {
        answers.removeAll(keepingCapacity: true)
        nextAnswer = 0
        isTelling = false
        return nil
      }
      isTelling = true
      nextAnswer += 1
      let answer = answers[nextAnswer - 1]
      if nextAnswer == 1_024 {
        answers.removeFirst(nextAnswer)
        nextAnswer = 0
      }
      return answer
    }
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
    state.withLock { $0.answers.append((entry.continuation, .told(answer))) }
  }

  /// Sees to it that the answers in line are told.
  func tell() {
    let first = state.withLock { $0.isTelling ? nil : $0.takeAnswer() }
    if let first { first.continuation.resume(returning: first.turn) }
  }

  /// Wakes the next with an answer; to be called by everyone who was told his.
  func tellNext() {
    let next = state.withLock { $0.takeAnswer() }
    if let next { next.continuation.resume(returning: next.turn) }
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
