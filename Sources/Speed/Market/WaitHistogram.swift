internal import NIOCore

/// How long something took, counted in classes.
public struct WaitHistogram: Hashable, Sendable {
  /// The upper bounds of all classes but the last, in seconds.
  public static let bounds = [
    0.001, 0.002, 0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1, 2, 5,
  ]

  /// How many there are in each class; the last has those above every bound.
  public private(set) var counts = [Int](repeating: 0, count: bounds.count + 1)
  /// How many there are.
  public private(set) var count = 0
  /// Their sum in seconds.
  public private(set) var sum = 0.0

  /// Nothing yet.
  public init() {}

  mutating func add(_ time: TimeAmount) {
    let seconds = max(Double(time.nanoseconds) / 1e9, 0)
    counts[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
    count += 1
    sum += seconds
  }

  /// A bound in seconds that this part of all does not exceed; infinite above the greatest bound.
  public func quantile(_ part: Double) -> Double {
    var left = Int((Double(count) * part).rounded(.up))
    for (bound, count) in zip(Self.bounds, counts) {
      left -= count
      if left <= 0 { return bound }
    }
    return .infinity
  }
}
