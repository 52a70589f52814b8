internal import Synchronization

/// Hands what happens to everyone who listens.
final class UpdateFanout: Sendable {
  private struct State {
    var next: UInt64 = 0
    var listeners: [UInt64: Listener] = [:]
  }

  private struct Listener {
    var continuation: AsyncStream<ChannelUpdate>.Continuation
    var isTold: @Sendable (ChannelUpdate) -> Bool
  }

  private let state = Mutex(State())

  /// A stream of what happens from now on, as far as `isTold` says.
  func subscribe(
    _ policy: AsyncStream<ChannelUpdate>.Continuation.BufferingPolicy,
    isTold: @escaping @Sendable (ChannelUpdate) -> Bool = { _ in true }
  ) -> AsyncStream<ChannelUpdate> {
    let (stream, continuation) = AsyncStream<ChannelUpdate>.makeStream(bufferingPolicy: policy)
    let number = state.withLock { state in
      state.next += 1
      state.listeners[state.next] = Listener(continuation: continuation, isTold: isTold)
      return state.next
    }
    continuation.onTermination = { [weak self] _ in
      self?.state.withLock { _ = $0.listeners.removeValue(forKey: number) }
    }
    return stream
  }

  func yield(_ update: ChannelUpdate) {
    let listeners = state.withLock { Array($0.listeners.values) }
    for listener in listeners where listener.isTold(update) { listener.continuation.yield(update) }
  }
}
