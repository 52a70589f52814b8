public import Bridge
internal import Foundation

/// The machine's time.
public struct SystemBridgeClock: BridgeClock {
  /// The machine's time.
  public init() {}

  /// The time since 1970.
  public func now() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
  }

  /// Waits; it returns early when the task is cancelled.
  public func sleep(for duration: Duration) async { try? await Task.sleep(for: duration) }
}
