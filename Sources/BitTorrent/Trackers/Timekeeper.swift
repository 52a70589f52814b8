/// Time for those who wait: how late it is since a fixed moment, and waking up later.
package struct Timekeeper: Sendable {
  /// The time since the timekeeper was made.
  package let now: @Sendable () -> Duration
  /// Returns when that much time has gone by, or the task is cancelled.
  package let sleep: @Sendable (Duration) async -> Void

  /// A timekeeper that goes by `clock`.
  package init<C: Clock<Duration>>(_ clock: C = ContinuousClock()) where C: Sendable {
    let start = clock.now
    now = { start.duration(to: clock.now) }
    // Who is cancelled has no more use for the time.
    sleep = { try? await clock.sleep(for: $0) }
  }
}
