package import NIOCore

/// Bytes a second over the last four seconds, in constant memory and without a timer.
package struct RateMeter: Sendable {
  private static let slotLength: UInt64 = 500_000_000
  private static let slots: UInt64 = 8

  /// All bytes ever counted.
  package private(set) var total = 0
  private var counts = SIMD8<UInt64>(repeating: 0)
  // The half second that is being counted, and the one in which counting began.
  private var current: UInt64
  private let first: UInt64

  /// A meter that begins now.
  package init(at now: NIODeadline) {
    current = now.uptimeNanoseconds / Self.slotLength
    first = current
  }

  /// Counts bytes that moved now.
  package mutating func add(_ bytes: Int, at now: NIODeadline) {
    guard bytes > 0 else { return }
    advance(to: now)
    total += bytes
    counts[Int(current % Self.slots)] &+= UInt64(bytes)
  }

  /// Bytes a second over the window, or over the meter's life while that is shorter.
  package mutating func rate(at now: NIODeadline) -> Int {
    advance(to: now)
    // The slot that is being counted is only partly over.
    let begun = now.uptimeNanoseconds &- current * Self.slotLength
    let whole = min(current - first, Self.slots - 1) * Self.slotLength
    let span = max(whole + min(begun, Self.slotLength), Self.slotLength / 4)
    let (high, low) = counts.wrappedSum().multipliedFullWidth(by: 1_000_000_000)
    guard high < span else { return .max }
    return Int(clamping: span.dividingFullWidth((high, low)).quotient)
  }

  private mutating func advance(to now: NIODeadline) {
    let slot = now.uptimeNanoseconds / Self.slotLength
    guard slot > current else { return }
    if slot - current >= Self.slots {
      counts = .zero
    } else {
      for passed in current + 1...slot { counts[Int(passed % Self.slots)] = 0 }
    }
    current = slot
  }
}
