internal import Foundation

/// Clocks and medians.
enum Timing {
  /// The seconds that `body` takes.
  static func seconds(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    let duration = try clock.measure(body)
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }

  /// The processor time, user's and system's, that this process has taken on all cores.
  static var processorSeconds: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }

  /// The median seconds of each of two bodies that take turns, the first to go alternating, after
  /// one unmeasured turn each.
  ///
  /// Whatever else the machine does meanwhile strikes both alike.
  static func interleaved(
    rounds: Int, _ ours: () throws -> Void, _ reference: () throws -> Void
  ) rethrows -> (ours: Double, reference: Double) {
    try ours()
    try reference()
    var times: (ours: [Double], reference: [Double]) = ([], [])
    for round in 0..<rounds {
      if round % 2 == 0 { times.ours.append(try seconds(ours)) }
      times.reference.append(try seconds(reference))
      if round % 2 == 1 { times.ours.append(try seconds(ours)) }
    }
    return (median(times.ours), median(times.reference))
  }

  /// The middle value; the mean of the two in the middle when their number is even.
  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return .nan }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}

extension Timing {
  /// The median seconds in which the disk takes a few kilobytes more of a file for good.
  static func syncSeconds(_ path: String, count: Int) throws -> Double {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    try require(descriptor >= 0, "cannot write \(path)")
    defer { close(descriptor) }
    let bytes = [UInt8](repeating: 1, count: 4_096)
    let times = try (0..<count).map { _ in
      try seconds {
        try require(write(descriptor, bytes, bytes.count) == bytes.count, "cannot write \(path)")
        try require(fdatasync(descriptor) == 0, "cannot sync \(path)")
      }
    }
    return median(times)
  }
}

/// A directory that is removed with all that is in it.
final class Scratch: Sendable {
  let path: String

  init() throws {
    let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    path = "\(parent)/btt-bench-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func path(_ name: String) -> String { path + "/" + name }
}

/// What went wrong with a measurement.
struct BenchError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// Fails the run when something that was measured did not do its work.
func require(_ condition: Bool, _ what: @autoclosure () -> String) throws {
  if !condition { throw BenchError(what()) }
}

/// Numbers that are the same in every run (SplitMix64).
struct Sequence64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count { withUnsafeBytes(of: next()) { bytes += $0 } }
    return Array(bytes.prefix(count))
  }
}
