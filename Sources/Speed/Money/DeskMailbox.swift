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
      state.events.append(event)
      return state.events.count == 1 ? state.wake : nil
    }
    wake?()
  }

  /// Takes the mailbox empty.
  func take() -> [DeskEvent] {
    state.withLock { state in
      defer { state.events = [] }
      return state.events
    }
  }
}
