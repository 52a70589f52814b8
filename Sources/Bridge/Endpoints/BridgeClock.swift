/// The time as the bridge reads it and waits for it; a test's is moved by hand.
public protocol BridgeClock: Sendable {
  /// The time since 1970.
  func now() -> Duration

  /// Waits; it returns early when the task is cancelled.
  func sleep(for duration: Duration) async
}

extension BridgeClock {
  /// The time in whole seconds since 1970.
  package var seconds: UInt64 { UInt64(max(0, now().components.seconds)) }
}
