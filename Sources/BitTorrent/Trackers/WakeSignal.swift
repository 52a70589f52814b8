internal import Synchronization

/// Lets one task sleep until others have something for it.
final class WakeSignal: Sendable {
  private enum State {
    case idle
    case raised
    case awaited(CheckedContinuation<Void, Never>)
  }

  private let state = Mutex(State.idle)

  /// Wakes the sleeper, or keeps the next one from falling asleep.
  func raise() {
    let sleeper: CheckedContinuation<Void, Never>? = state.withLock { state in
      guard case .awaited(let continuation) = state else {
        state = .raised
        return nil
      }
      state = .idle
      return continuation
    }
    sleeper?.resume()
  }

  /// Returns once the signal is raised, or the task cancelled.
  func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isRaised = state.withLock { state in
          if case .raised = state {
            state = .idle
            return true
          }
          // The cancellation handler may have run already and found nobody to wake.
          if Task.isCancelled { return true }
          state = .awaited(continuation)
          return false
        }
        if isRaised { continuation.resume() }
      }
    } onCancel: {
      raise()
    }
  }
}
