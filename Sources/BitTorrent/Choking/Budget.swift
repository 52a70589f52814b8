internal import NIOCore

/// So many of something at once, and one more each time an interval is over.
struct Budget {
  /// How many at once.
  let capacity: Int
  /// How long it takes to earn one.
  let interval: TimeAmount
  /// How many are left, as of the last time one was taken.
  private(set) var left: Int
  private var since = NIODeadline.distantPast

  /// A budget of which nothing is used.
  init(capacity: Int, interval: TimeAmount) {
    self.capacity = capacity
    self.interval = interval
    left = capacity
  }

  /// Whether nothing of it is in use any more.
  func isWhole(at now: NIODeadline) -> Bool {
    now - since >= interval * Int64(capacity - left)
  }

  /// Whether there is less left of one than of another.
  static func < (one: Budget, other: Budget) -> Bool { one.left < other.left }

  /// Takes one; false where nothing is left.
  mutating func take(at now: NIODeadline) -> Bool {
    let earned = (now - since).nanoseconds / interval.nanoseconds
    if left == capacity || earned >= Int64(capacity - left) {
      (left, since) = (capacity, now)
    } else if earned > 0 {
      left += Int(earned)
      since = since + interval * earned
    }
    guard left > 0 else { return false }
    left -= 1
    return true
  }
}
