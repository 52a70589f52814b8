internal import Primitives

/// What a branch knows of its sixteen children: which are there, and their references.
struct BranchNode: Sendable {
  /// The children that are there.
  private(set) var children: UInt16 = 0
  /// Those of them that are leaves.
  private(set) var leaves: UInt16 = 0
  /// Those of them whose slot holds the node rather than its hash.
  private(set) var inline: UInt16 = 0
  private(set) var slots = [16 of Hash256](repeating: .zero)

  init() {}

  /// A branch with these children, whose slots are zero yet.
  init(children: UInt16, leaves: UInt16, inline: UInt16) {
    self.children = children
    self.leaves = leaves
    self.inline = inline
  }

  static func bit(_ nibble: UInt8) -> UInt16 { 1 << UInt16(nibble & 15) }

  func hasChild(_ nibble: UInt8) -> Bool { children & Self.bit(nibble) != 0 }
  func hasLeaf(_ nibble: UInt8) -> Bool { leaves & Self.bit(nibble) != 0 }

  func reference(_ nibble: UInt8) -> NodeReference {
    NodeReference(
      slot: slots[Int(nibble & 15)], isInline: inline & Self.bit(nibble) != 0)
  }

  /// Makes a child present; its reference follows when its hash is known.
  mutating func insert(_ nibble: UInt8, isLeaf: Bool) {
    children |= Self.bit(nibble)
    leaves = isLeaf ? leaves | Self.bit(nibble) : leaves & ~Self.bit(nibble)
  }

  mutating func remove(_ nibble: UInt8) {
    let bit = Self.bit(nibble)
    children &= ~bit
    leaves &= ~bit
    inline &= ~bit
  }

  mutating func setReference(_ reference: NodeReference, at nibble: UInt8) {
    let bit = Self.bit(nibble)
    inline = reference.isInline ? inline | bit : inline & ~bit
    slots[Int(nibble & 15)] = reference.slot
  }

  mutating func setSlot(_ slot: Hash256, at nibble: UInt8) {
    slots[Int(nibble & 15)] = slot
  }
}

/// Calls `body` with the index of each bit set, lowest first.
@inline(__always)
func forEachBit<E: Error>(of mask: UInt16, _ body: (UInt8) throws(E) -> Void) throws(E) {
  var rest = mask
  while rest != 0 {
    try body(UInt8(truncatingIfNeeded: rest.trailingZeroBitCount))
    rest &= rest &- 1
  }
}
