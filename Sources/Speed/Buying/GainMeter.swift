internal import Foundation

/// What paying is good for: the torrent's rate with and without, in choke rounds that lie
/// together.
///
/// Of twenty rounds the tenth and eleventh go without paying, so that pairs come in the order
/// paid, free, free, paid, and whatever rises or falls steadily cancels out.
package struct GainMeter {
  /// The gain as a factor of the free rate less one, with the bounds of its 80 % interval.
  package struct Gain: Hashable {
    package var mean: Double
    package var low: Double
    package var high: Double
  }

  private static let period = 20
  private static let freeRounds = 9...10
  // The 90th percentiles of Student's distribution, by degrees of freedom from 1.
  private static let student = [
    3.078, 1.886, 1.638, 1.533, 1.476, 1.440, 1.415, 1.397, 1.383, 1.372, 1.363, 1.356, 1.350,
    1.345, 1.341, 1.337, 1.333, 1.330, 1.328, 1.325,
  ]

  private var index = 0
  private var rates: [Int: Double] = [:]
  // Logarithms of paid over free, one for each pair.
  private var samples: [Double] = []

  /// A meter that measured nothing yet.
  package init() {}

  /// Whether the round that runs is one without paying.
  package var isPausing: Bool { Self.freeRounds.contains(index) }

  /// A round is over in which this was the rate; `isWhole` when it was what it should be.
  package mutating func endRound(rate: Int, isWhole: Bool) {
    if isWhole { rates[index] = max(Double(rate), 1) }
    index += 1
    guard index == Self.period else { return }
    for (paid, free) in [(8, 9), (11, 10)] {
      if let paid = rates[paid], let free = rates[free] { samples.append(log(paid / free)) }
    }
    if samples.count > Self.student.count + 1 { samples.removeFirst() }
    index = 0
    rates = [:]
  }

  /// What is known of the gain; nil before two pairs.
  package var gain: Gain? {
    guard samples.count >= 2 else { return nil }
    let count = Double(samples.count)
    let mean = samples.reduce(0, +) / count
    let variance = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
    let degrees = min(samples.count - 1, Self.student.count)
    let half = Self.student[degrees - 1] * (variance / count).squareRoot()
    return Gain(mean: exp(mean) - 1, low: exp(mean - half) - 1, high: exp(mean + half) - 1)
  }

  /// Whether the whole interval lies under 5 %: it is not worth paying.
  package var isWorthless: Bool { gain.map { $0.high < 0.05 } ?? false }
}
