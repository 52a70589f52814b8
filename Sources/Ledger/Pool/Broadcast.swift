internal import Synchronization

/// One value to any number of asynchronous readers.
final class Broadcast<Element: Sendable>: Sendable {
  private struct State {
    var next: UInt64 = 0
    var continuations: [UInt64: AsyncStream<Element>.Continuation] = [:]
    var isFinished = false
  }

  private let state = Mutex(State())
  private let capacity: Int

  /// - Parameter capacity: how many values a reader may lag behind before it loses the oldest.
  init(capacity: Int) { self.capacity = capacity }

  /// The values from now on; `first` comes before them.
  func stream(first: Element? = nil) -> AsyncStream<Element> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: Element.self, bufferingPolicy: .bufferingNewest(capacity))
    if let first { continuation.yield(first) }
    let id: UInt64? = state.withLock { state in
      guard !state.isFinished else { return nil }
      state.next += 1
      state.continuations[state.next] = continuation
      return state.next
    }
    guard let id else {
      continuation.finish()
      return stream
    }
    continuation.onTermination = { [weak self] _ in
      self?.state.withLock { _ = $0.continuations.removeValue(forKey: id) }
    }
    return stream
  }

  func send(_ elements: some Sequence<Element>) {
    let continuations = state.withLock { Array($0.continuations.values) }
    guard !continuations.isEmpty else { return }
    for element in elements {
      for continuation in continuations { continuation.yield(element) }
    }
  }

  func finish() {
    let continuations = state.withLock { state in
      state.isFinished = true
      defer { state.continuations = [:] }
      return Array(state.continuations.values)
    }
    for continuation in continuations { continuation.finish() }
  }
}
