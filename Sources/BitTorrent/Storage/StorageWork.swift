internal import Synchronization

/// What the threads of a storage spent their time on, in nanoseconds since it was opened.
package struct StorageWork: Sendable {
  /// Hashing blocks.
  package var hashing: UInt64
  /// Writing them.
  package var writing: UInt64
}

/// Sums up the time of many threads.
final class StorageWorkMeter: Sendable {
  private let hashing = Atomic<UInt64>(0)
  private let writing = Atomic<UInt64>(0)

  /// What was counted so far.
  var value: StorageWork {
    StorageWork(
      hashing: hashing.load(ordering: .relaxed), writing: writing.load(ordering: .relaxed))
  }

  /// Counts the time that hashing takes.
  func hash<Result, E: Error>(_ body: () throws(E) -> Result) throws(E) -> Result {
    let began = ContinuousClock.now
    defer { hashing.wrappingAdd(Self.nanoseconds(since: began), ordering: .relaxed) }
    return try body()
  }

  /// Counts the time that writing takes.
  func write<Result, E: Error>(_ body: () throws(E) -> Result) throws(E) -> Result {
    let began = ContinuousClock.now
    defer { writing.wrappingAdd(Self.nanoseconds(since: began), ordering: .relaxed) }
    return try body()
  }

  private static func nanoseconds(since began: ContinuousClock.Instant) -> UInt64 {
    let (seconds, attoseconds) = (ContinuousClock.now - began).components
    return UInt64(clamping: seconds) &* 1_000_000_000
      &+ UInt64(clamping: attoseconds / 1_000_000_000)
  }
}
