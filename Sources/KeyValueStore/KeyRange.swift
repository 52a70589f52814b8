/// The keys from a lower bound up to but not including an upper one.
public struct KeyRange: Hashable, Sendable {
  /// The least key of the range.
  public var lower: [UInt8]

  /// The least key after the range, or nil when it has no end.
  public var upper: [UInt8]?

  /// The keys from `lower` to below `upper`; empty when `upper` is not above `lower`.
  public init(from lower: [UInt8] = [], upTo upper: [UInt8]? = nil) {
    self.lower = lower
    self.upper = upper
  }

  /// Every key.
  public static let all = KeyRange()

  /// The keys that begin with `prefix`.
  public static func prefix(_ prefix: [UInt8]) -> KeyRange {
    // The next byte string after all of them: the last byte that can be raised, raised.
    guard let last = prefix.lastIndex(where: { $0 != 0xff }) else {
      return KeyRange(from: prefix)
    }
    var upper = Array(prefix[...last])
    upper[last] += 1
    return KeyRange(from: prefix, upTo: upper)
  }

  /// Whether `key` lies in the range.
  public func contains(_ key: [UInt8]) -> Bool { key.withBytes { contains($0) } }

  func contains(_ key: UnsafeRawBufferPointer) -> Bool {
    !startsAfter(key) && !endsAtOrBefore(key)
  }

  func startsAfter(_ key: UnsafeRawBufferPointer) -> Bool { KeyOrder.compare(lower, key) > 0 }

  func endsAtOrBefore(_ key: UnsafeRawBufferPointer) -> Bool {
    guard let upper else { return false }
    return KeyOrder.compare(upper, key) <= 0
  }
}
