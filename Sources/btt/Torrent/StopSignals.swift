internal import Dispatch
internal import Foundation

/// SIGINT and SIGTERM as a request to end in order; the second one ends at once.
struct StopSignals {
  /// Yields each signal once.
  let stream: AsyncStream<Int32>
  private let sources: [any DispatchSourceSignal]

  init() {
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    self.stream = stream
    let queue = DispatchQueue(label: "btt.signals")
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      nonisolated(unsafe) var count = 0
      source.setEventHandler {
        count += 1
        // Whoever asks twice does not want to wait for trackers.
        if count > 1 { exit(128 + number) }
        continuation.yield(number)
      }
      source.resume()
      return source
    }
  }
}
