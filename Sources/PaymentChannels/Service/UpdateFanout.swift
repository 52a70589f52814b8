internal import Synchronization

/// Hands what happens to everyone who listens.
final class UpdateFanout: Sendable {
  private struct State {
    var next: UInt64 = 0
    var continuations: [UInt64: AsyncStream<ChannelUpdate>.Continuation] = [:]
  }

  private let state = Mutex(State())

  func subscribe() -> AsyncStream<ChannelUpdate> {
    let (stream, continuation) = AsyncStream<ChannelUpdate>.makeStream(
      bufferingPolicy: .bufferingNewest(4_096))
    let number = state.withLock { state in
      state.next += 1
      state.continuations[state.next] = continuation
      return state.next
    }
    continuation.onTermination = { [weak self] _ in
      self?.state.withLock { _ = $0.continuations.removeValue(forKey: number) }
    }
    return stream
  }

  func yield(_ update: ChannelUpdate) {
    let continuations = state.withLock { Array($0.continuations.values) }
    for continuation in continuations { continuation.yield(update) }
  }
}
