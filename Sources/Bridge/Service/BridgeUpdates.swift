internal import Synchronization

/// Hands updates to all who listen; a listener who does not keep up loses the oldest.
final class BridgeUpdates: Sendable {
  private struct Listeners {
    var next: UInt64 = 0
    var all: [UInt64: AsyncStream<BridgeUpdate>.Continuation] = [:]
  }

  private static let maximumWaiting = 256

  private let listeners = Mutex(Listeners())

  func stream() -> AsyncStream<BridgeUpdate> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: BridgeUpdate.self, bufferingPolicy: .bufferingNewest(Self.maximumWaiting))
    let id = listeners.withLock { listeners in
      listeners.next += 1
      listeners.all[listeners.next] = continuation
      return listeners.next
    }
    continuation.onTermination = { [weak self] _ in
      self?.listeners.withLock { $0.all[id] = nil }
    }
    return stream
  }

  func tell(_ update: BridgeUpdate) {
    for listener in listeners.withLock({ Array($0.all.values) }) { listener.yield(update) }
  }

  func finish() {
    for listener in listeners.withLock({ Array($0.all.values) }) { listener.finish() }
  }
}
