internal import Foundation
internal import Synchronization

/// The time of day that a node dates blocks by: the machine's, and what a developer added.
final class NodeClock: Sendable {
  private struct State {
    var offset: UInt64 = 0
    var next: UInt64?
  }

  private let state = Mutex(State())

  /// Seconds since 1970.
  func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    let machine = UInt64(exactly: time.tv_sec) ?? 0
    return machine.addingReportingOverflow(state.withLock { $0.offset }).partialValue
  }

  /// Goes ahead by more seconds; nil when that is beyond what a clock can hold.
  func advance(by seconds: UInt64) -> UInt64? {
    state.withLock { state in
      let (offset, overflow) = state.offset.addingReportingOverflow(seconds)
      guard !overflow, offset < 1 << 40 else { return nil }
      state.offset = offset
      return offset
    }
  }

  /// Goes ahead so far that the time is at least `timestamp`; false when that is out of bounds.
  func advance(to timestamp: UInt64) -> Bool {
    let now = now()
    return timestamp <= now || advance(by: timestamp - now) != nil
  }
}
