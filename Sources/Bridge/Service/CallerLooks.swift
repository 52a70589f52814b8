internal import Primitives
internal import Synchronization

/// How often callers may have root chains asked for them, and what was answered last.
///
/// Anybody can ask a public node; the endpoints' quotas are what its bridge itself lives on.
final class CallerLooks: Sendable {
  private struct State {
    var tokens = CallerLooks.burst
    var at = Duration.zero
    var answers: [Hash256: (at: Duration, transfers: [TransferStatus])] = [:]
  }

  /// So many looks may come at once, and so many more each second.
  static let burst = 64
  static let perSecond = 8
  /// Of how many transactions the last answer is kept.
  static let maximumAnswers = 1_024

  private let state = Mutex(State())
  private let clock: any BridgeClock
  private let freshness: Duration

  /// No looks yet; answers are good for `freshness`.
  init(clock: any BridgeClock, freshness: Duration) {
    self.clock = clock
    self.freshness = freshness
  }

  /// Whether a caller may look now.
  func take() -> Bool {
    let now = clock.now()
    return state.withLock { state in
      let (seconds, _) = (now - state.at).components
      if seconds > 0 {
        let gained = seconds < Int64(Self.burst) ? Int(seconds) * Self.perSecond : Self.burst
        state.tokens = min(Self.burst, state.tokens + gained)
        state.at = now
      }
      guard state.tokens > 0 else { return false }
      state.tokens -= 1
      return true
    }
  }

  /// What was answered of a transaction a moment ago, or, with `isStale`, whenever it was.
  func answer(_ transaction: Hash256, isStale: Bool = false) -> [TransferStatus]? {
    let now = clock.now()
    return state.withLock { state in
      guard let answer = state.answers[transaction] else { return nil }
      return isStale || now - answer.at < freshness ? answer.transfers : nil
    }
  }

  /// Keeps an answer; none means that nothing is known of the transaction.
  func keep(_ transfers: [TransferStatus], of transaction: Hash256) {
    let now = clock.now()
    state.withLock { state in
      if state.answers.count >= Self.maximumAnswers { state.answers.removeAll() }
      state.answers[transaction] = (now, transfers)
    }
  }
}
