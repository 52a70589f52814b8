package import NIOCore

/// What a run came to.
package struct SimulationReport: CustomStringConvertible, Sendable {
  /// The scenario's seed.
  package let seed: UInt64
  /// The hash of everything that happened.
  package let traceHash: UInt64
  /// What must not be, and was.
  package let violations: [String]
  /// What happened, in words.
  package let story: [String]
  /// How long it took, in virtual time.
  package let time: TimeAmount
  /// How many events it had.
  package let events: Int
  /// When the honest hosts were complete, in their order.
  package let completionTimes: [TimeAmount]
  /// Payload that honest hosts received, and what of it was of no use, in bytes.
  package let received: Int64
  package let wasted: Int64

  /// The violations, and the end of the story.
  package var description: String {
    let lines = violations.isEmpty ? [] : ["BTT_SEED=\(seed)"] + violations.map { "  \($0)" }
    return (lines + story.suffix(Self.linesTold)).joined(separator: "\n")
  }

  private static let linesTold = 150
}

extension SimulationReport {
  /// One line of figures.
  package var figures: String {
    let latest = (completionTimes.max() ?? .zero).nanoseconds / 1_000_000
    let share = received == 0 ? 0 : wasted * 1_000 / received
    return "seed \(seed): \(time.nanoseconds / 1_000_000) ms, last complete at \(latest) ms, "
      + "\(events) events, \(received >> 20) MiB, wasted \(share) in 1000, "
      + "trace \(String(traceHash, radix: 16))"
  }
}
