internal import NIOCore
internal import Synchronization

/// Collects events from any thread and hands them over on the event loop, many at a time.
final class StorageEventQueue: Sendable {
  private let waiting = Mutex<[StorageEvent]>([])
  private let eventLoop: any EventLoop
  private let report: @Sendable ([StorageEvent]) -> Void

  init(_ eventLoop: any EventLoop, _ report: @escaping @Sendable ([StorageEvent]) -> Void) {
    self.eventLoop = eventLoop
    self.report = report
  }

  func post(_ event: StorageEvent) {
    let isFirst = waiting.withLock { waiting in
      waiting.append(event)
      return waiting.count == 1
    }
    if isFirst { eventLoop.execute { self.deliver() } }
  }

  private func deliver() {
    let events = waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
    if !events.isEmpty { report(events) }
  }
}
