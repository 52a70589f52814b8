package import BitTorrent

/// Values by requests, for what is done for every block that moves: a dictionary spends more time
/// on a request's hash than all else that is done for it takes.
///
/// Open addressing with linear probing, in few bytes, as thousands of requests are under way and the
/// blocks themselves fill the caches. The hash is a random linear function of what names the request,
/// so whoever chooses the requests can't choose where they meet.
package struct BlockTable<Value> {
  private struct Slot {
    var place: UInt64 = 0
    var value: Value?
    var length: UInt16 = 0
    var name: Name { Name(place: place, length: length) }
  }

  // A power of two of them, at most half in use.
  private var slots: [Slot] = []
  private var shift = 0
  private let factors: (UInt64, UInt64)
  /// How many values there are.
  package private(set) var count = 0

  /// A table without values.
  package init() {
    var random = SystemRandomNumberGenerator()
    factors = (random.next() | 1, random.next() | 1)
  }

  /// Whether there are none.
  package var isEmpty: Bool { count == 0 }

  /// What there is a value for, in no order.
  package var blocks: [BlockRequest] {
    slots.compactMap { slot in
      slot.value.map { _ in
        BlockRequest(
          piece: Int(slot.place >> 32), offset: Int(slot.place & 0xffff_ffff),
          length: Int(slot.length))
      }
    }
  }

  /// The value for a request.
  package subscript(block: BlockRequest) -> Value? {
    guard count > 0, let name = Name(block) else { return nil }
    return slots[index(of: name)].value
  }

  /// Sets a value; returns the one before.
  ///
  /// Requests that no message can hold have none.
  @discardableResult
  package mutating func put(_ value: Value, for block: BlockRequest) -> Value? {
    guard let name = Name(block) else { return nil }
    if count * 2 >= slots.count { grow() }
    let index = index(of: name)
    let old = slots[index].value
    slots[index] = Slot(place: name.place, value: value, length: name.length)
    if old == nil { count += 1 }
    return old
  }

  /// Takes a value out.
  package mutating func take(_ block: BlockRequest) -> Value? {
    guard count > 0, let name = Name(block) else { return nil }
    var gap = index(of: name)
    guard let value = slots[gap].value else { return nil }
    // Whoever stands behind the gap and would have stood in it or before it moves up.
    var index = next(gap)
    while slots[index].value != nil {
      let distance = (index - home(of: slots[index].name)) & (slots.count - 1)
      if distance >= (index - gap) & (slots.count - 1) {
        slots[gap] = slots[index]
        gap = index
      }
      index = next(index)
    }
    slots[gap] = Slot()
    count -= 1
    return value
  }

  /// Keeps only the values that `isKept` names.
  package mutating func keep(_ isKept: (Value) -> Bool) {
    rebuild(size: slots.count) { isKept($0) }
  }

  private mutating func grow() { rebuild(size: max(slots.count * 2, 64)) { _ in true } }

  private mutating func rebuild(size: Int, keeping isKept: (Value) -> Bool) {
    let old = slots
    slots = Array(repeating: Slot(), count: size)
    shift = UInt64.bitWidth - size.trailingZeroBitCount
    count = 0
    for slot in old {
      guard let value = slot.value, isKept(value) else { continue }
      slots[index(of: slot.name)] = slot
      count += 1
    }
  }

  /// A request in few bits; nil for one that no message can hold.
  private struct Name {
    var place: UInt64
    var length: UInt16

    init(place: UInt64, length: UInt16) { (self.place, self.length) = (place, length) }

    init?(_ block: BlockRequest) {
      guard let piece = UInt32(exactly: block.piece), let offset = UInt32(exactly: block.offset),
        let length = UInt16(exactly: block.length)
      else { return nil }
      (place, self.length) = (UInt64(piece) << 32 | UInt64(offset), length)
    }
  }

  /// Where a request stands, or else would: there is always a free slot.
  private func index(of name: Name) -> Int {
    var index = home(of: name)
    while slots[index].value != nil,
      slots[index].place != name.place || slots[index].length != name.length
    {
      index = next(index)
    }
    return index
  }

  private func home(of name: Name) -> Int {
    // The upper bits of a product depend on all bits of its factors.
    let sum = name.place &* factors.0 &+ UInt64(name.length) &* factors.1
    return Int(truncatingIfNeeded: sum >> UInt64(truncatingIfNeeded: shift))
  }

  private func next(_ index: Int) -> Int { (index + 1) & (slots.count - 1) }
}
