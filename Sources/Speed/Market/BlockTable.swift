package import BitTorrent

/// Values by requests, for what is done for every block that moves: a dictionary spends more time
/// on a request's hash than all else that is done for it takes.
///
/// Open addressing with linear probing. The hash is a random linear function of what names the
/// request, so whoever chooses the requests can't choose where they meet.
package struct BlockTable<Value> {
  private typealias Slot = (block: BlockRequest, value: Value)

  // A power of two of them, at most half in use.
  private var slots: [Slot?] = []
  private var shift = 0
  private let factors: (UInt64, UInt64, UInt64)
  /// How many values there are.
  package private(set) var count = 0

  /// A table without values.
  package init() {
    var random = SystemRandomNumberGenerator()
    factors = (random.next() | 1, random.next() | 1, random.next() | 1)
  }

  /// Whether there are none.
  package var isEmpty: Bool { count == 0 }

  /// What there is a value for, in no order.
  package var blocks: [BlockRequest] { slots.compactMap { $0?.block } }

  /// The value for a request.
  package subscript(block: BlockRequest) -> Value? {
    guard count > 0, let index = index(of: block) else { return nil }
    return slots[index]?.value
  }

  /// Sets a value; returns the one before.
  @discardableResult
  package mutating func put(_ value: Value, for block: BlockRequest) -> Value? {
    if count * 2 >= slots.count { grow() }
    var index = home(of: block)
    while let slot = slots[index] {
      if slot.block == block {
        slots[index] = (block, value)
        return slot.value
      }
      index = next(index)
    }
    slots[index] = (block, value)
    count += 1
    return nil
  }

  /// Takes a value out.
  package mutating func take(_ block: BlockRequest) -> Value? {
    guard count > 0, var gap = index(of: block) else { return nil }
    let value = slots[gap]?.value
    // Whoever stands behind the gap and would have stood in it or before it moves up.
    var index = next(gap)
    while let slot = slots[index] {
      let distance = (index - home(of: slot.block)) & (slots.count - 1)
      if distance >= (index - gap) & (slots.count - 1) {
        slots[gap] = slot
        gap = index
      }
      index = next(index)
    }
    slots[gap] = nil
    count -= 1
    return value
  }

  /// Keeps only the values that `isKept` names.
  package mutating func keep(_ isKept: (Value) -> Bool) {
    let old = slots
    slots = Array(repeating: nil, count: old.count)
    count = 0
    for case let slot? in old where isKept(slot.value) { put(slot.value, for: slot.block) }
  }

  private mutating func grow() {
    let old = slots
    let size = max(old.count * 2, 64)
    slots = Array(repeating: nil, count: size)
    shift = UInt64.bitWidth - size.trailingZeroBitCount
    count = 0
    for case let slot? in old { put(slot.value, for: slot.block) }
  }

  private func index(of block: BlockRequest) -> Int? {
    var index = home(of: block)
    while let slot = slots[index] {
      if slot.block == block { return index }
      index = next(index)
    }
    return nil
  }

  private func home(of block: BlockRequest) -> Int {
    // The upper bits of a product depend on all bits of its factors.
    let sum =
      UInt64(truncatingIfNeeded: block.piece) &* factors.0
      &+ UInt64(truncatingIfNeeded: block.offset) &* factors.1
      &+ UInt64(truncatingIfNeeded: block.length) &* factors.2
    return Int(truncatingIfNeeded: sum >> UInt64(truncatingIfNeeded: shift))
  }

  private func next(_ index: Int) -> Int { (index + 1) & (slots.count - 1) }
}
