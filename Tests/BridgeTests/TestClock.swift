import Bridge
import Synchronization

/// A time that moves by itself only when somebody sleeps.
final class TestClock: BridgeClock {
  private let time = Mutex(Duration.seconds(1_700_100_000))

  func now() -> Duration { time.withLock { $0 } }

  func advance(by duration: Duration) { time.withLock { $0 += duration } }

  /// What is ready goes first, so that nobody seems silent for want of a turn.
  func sleep(for duration: Duration) async {
    for _ in 0..<200 { await Task.yield() }
    advance(by: duration)
  }
}
