/// How long an endpoint that fails is left alone: twice as long after each failure in a row.
package struct EndpointRest: Hashable, Sendable {
  /// After the first failure.
  package static let shortest = Duration.milliseconds(250)
  /// After many.
  package static let longest = Duration.seconds(60)

  /// How many calls have failed since one last succeeded.
  package private(set) var failures = 0
  /// Until when it is left alone.
  package private(set) var until = Duration.zero

  package init() {}

  /// Whether it may be called.
  package func allows(_ now: Duration) -> Bool { now >= until }

  package mutating func succeeded() { self = EndpointRest() }

  package mutating func failed(_ now: Duration) {
    failures = min(failures + 1, 32)
    until = now + min(Self.longest, Self.shortest * (1 << min(failures - 1, 16)))
  }
}
