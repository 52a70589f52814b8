internal import Foundation

/// The time, and a way to let it pass; passed in, so that tests and simulations own it.
public protocol ChannelClock: Sendable {
  /// The time since 1970.
  var now: Duration { get }

  /// Returns after `duration`, or throws when the task is cancelled.
  func sleep(for duration: Duration) async throws
}

/// The system's time.
public struct SystemChannelClock: ChannelClock {
  /// The clock.
  public init() {}

  /// The time since 1970.
  public var now: Duration { .seconds(Date().timeIntervalSince1970) }

  /// Returns after `duration`.
  public func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}
