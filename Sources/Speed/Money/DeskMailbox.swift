internal import Synchronization

/// Where a desk posts what became of its orders, from any thread.
public final class DeskMailbox: Sendable {
  private struct State {
    var events: [DeskEvent] = []
    var wake: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())

  /// An empty mailbox.
  public init() {}

  /// Has `wake` called once for each time that the mailbox fills; it must not take it empty itself.
  public func onPost(_ wake: @escaping @Sendable () -> Void) {
    let isFilled = state.withLock { state in
      state.wake = wake
      return !state.events.isEmpty
    }
    if isFilled { wake() }
  }

  /// Puts an event in the mailbox.
  public func post(_ event: DeskEvent) {
    let wake = state.withLock { state in
      // Of how old the news are only the newest counts: they come each second, and may lie long.
      if case .ledgerAge = event {
        state.events.removeAll { if case .ledgerAge = $0 { true } else { false } }
        state.events.append(event)
        return state.events.count == 1 ? state.wake : nil
      }
      state.events.append(event)
      return state.events.count == 1 ? state.wake : nil
    }
    wake?()
  }

  /// Takes the mailbox empty.
  package func take() -> [DeskEvent] {
    state.withLock { state in
      defer { state.events = [] }
      return state.events
    }
  }
}
