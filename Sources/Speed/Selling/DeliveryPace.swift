internal import NIOCore

/// How fast a connection delivers, known after a hundredth of a second.
///
/// The engine's own meters look at seconds, in which a fast peer has fetched all there is.
struct DeliveryPace {
  private var mark: (bytes: Int, at: NIODeadline)?
  private(set) var bytesPerSecond = 0

  /// Notes how much was sent in all.
  mutating func note(_ bytes: Int, at now: NIODeadline) {
    guard let last = mark else { return mark = (bytes, now) }
    let time = now - last.at
    guard time >= Self.shortest else { return }
    let rate = Double(bytes - last.bytes) * 1e9 / Double(time.nanoseconds)
    bytesPerSecond = Int(min(max(rate, 0), 1e12))
    mark = (bytes, now)
  }

  private static let shortest: TimeAmount = .milliseconds(10)
}
