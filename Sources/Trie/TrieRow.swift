internal import Primitives

/// Why bytes are not a trie row, or not a delta to the row at hand.
public enum TrieRowError: Error, Equatable, Sendable {
  /// The bytes end early or go on too long.
  case wrongLength
  /// Masks that no branch has, or bits set that mean nothing.
  case malformed
  /// The delta belongs to another row.
  case wrongBase
}

/// The stored form of a branch and of the extension above it, and deltas between such rows.
///
/// A row lies at the path where the parent's slot points, and is
///
///     header      1 byte: nibbles of the extension, 0 to 63; bit 7 set if a child is inline
///     extension   two nibbles a byte, the last one padded with zero
///     children    2 bytes, big-endian: which of the 16 are there, child 0 in the lowest bit
///     leaves      2 bytes: those of them that are leaves
///     inline      2 bytes, only with bit 7: those whose slot is length, node, zeros
///     slots       32 bytes a child, lowest first: the hash of the child's node
///
/// Leaves have no rows: their keys and values are the flat state's. So a trie of a single leaf has
/// no row at all, and neither has an empty one.
///
/// A delta is what it takes to go from a row back to the one before it: mostly one slot.
///
///     00 row...                  the row before, whole
///     01                         there was no row before
///     02 changed(2) slots...     same header and masks; the slots that differ
///     03 head... changed(2) slots...   other header or masks; slots that differ or were not there
public enum TrieRow {
  private static let inlineFlag: UInt8 = 0x80

  private static let whole: UInt8 = 0
  private static let absent: UInt8 = 1
  private static let slotsOnly: UInt8 = 2
  private static let headAndSlots: UInt8 = 3

  // MARK: Rows

  static func encode(_ branch: CachedBranch) -> [UInt8] {
    encode(branch.node, path: branch.path, homeCount: branch.homeCount)
  }

  static func encode(_ node: BranchNode, path: TriePath, homeCount: Int) -> [UInt8] {
    let extended = path.count - homeCount
    let isInline = node.inline != 0
    let headCount = 1 + (extended + 1) / 2 + (isInline ? 6 : 4)
    let count = headCount + 32 * node.children.nonzeroBitCount
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      let row = UnsafeMutableRawBufferPointer(buffer)
      row[0] = UInt8(truncatingIfNeeded: extended) | (isInline ? inlineFlag : 0)
      var end = 1
      for index in stride(from: homeCount, to: path.count, by: 2) {
        row[end] = path[index] << 4 | (index + 1 < path.count ? path[index + 1] : 0)
        end += 1
      }
      for mask in isInline
        ? [node.children, node.leaves, node.inline] : [node.children, node.leaves]
      {
        row.storeBytes(of: mask.bigEndian, toByteOffset: end, as: UInt16.self)
        end += 2
      }
      forEachBit(of: node.children) { nibble in
        node.slots[Int(nibble)].withUnsafeBytes {
          UnsafeMutableRawBufferPointer(rebasing: row[end..<(end + 32)]).copyMemory(from: $0)
        }
        end += 32
      }
      initialized = end
    }
  }

  /// The branch whose row lies at `home`.
  static func decode(_ row: [UInt8], home: TriePath) throws(TrieRowError) -> CachedBranch {
    let head = try Head(row, at: 0)
    guard row.count == head.count + 32 * head.children.nonzeroBitCount else { throw .wrongLength }
    var path = home
    guard home.count + head.extended < TriePath.maximumCount else { throw .malformed }
    for index in 0..<head.extended {
      let byte = row[1 + index / 2]
      path.append(index % 2 == 0 ? byte >> 4 : byte & 15)
    }
    var node = BranchNode(children: head.children, leaves: head.leaves, inline: head.inline)
    var offset = head.count
    try forEachBit(of: head.children) { nibble throws(TrieRowError) in
      guard let slot = Hash256(row[offset..<(offset + 32)]) else { throw .wrongLength }
      if head.inline & BranchNode.bit(nibble) != 0, NodeReference.inlineBytes(slot) == nil {
        throw .malformed
      }
      node.setSlot(slot, at: nibble)
      offset += 32
    }
    let branch = CachedBranch(path: path, homeCount: home.count, node: node)
    branch.storedRow = row
    return branch
  }

  /// What stands in a row before the slots.
  private struct Head {
    /// Its length in bytes.
    let count: Int
    let extended: Int
    let children: UInt16
    let leaves: UInt16
    let inline: UInt16

    init(_ bytes: [UInt8], at start: Int) throws(TrieRowError) {
      guard start < bytes.count else { throw .wrongLength }
      let isInline = bytes[start] & TrieRow.inlineFlag != 0
      extended = Int(bytes[start] & ~TrieRow.inlineFlag)
      guard extended < TriePath.maximumCount else { throw .malformed }
      let nibbles = (extended + 1) / 2
      count = 1 + nibbles + (isInline ? 6 : 4)
      guard bytes.count - start >= count else { throw .wrongLength }
      if extended % 2 == 1, bytes[start + nibbles] & 15 != 0 { throw .malformed }
      let masks = start + 1 + nibbles
      func mask(_ index: Int) -> UInt16 {
        UInt16(bytes[masks + 2 * index]) << 8 | UInt16(bytes[masks + 2 * index + 1])
      }
      children = mask(0)
      leaves = mask(1)
      inline = isInline ? mask(2) : 0
      guard children.nonzeroBitCount >= 2, leaves & ~children == 0, inline & ~children == 0,
        isInline == (inline != 0)
      else { throw .malformed }
    }

    /// Where the slot of a child begins, counted from the row's start.
    func offset(of nibble: UInt8) -> Int {
      count + 32 * (children & (BranchNode.bit(nibble) &- 1)).nonzeroBitCount
    }
  }

  // MARK: Deltas

  /// What turns the row `new` back into `old`, in few bytes.
  ///
  /// Both must be rows as updates give them, or nil for none.
  public static func undo(new: [UInt8]?, old: [UInt8]?) -> [UInt8] {
    guard let old else { return [absent] }
    guard let new, let newHead = try? Head(new, at: 0), let oldHead = try? Head(old, at: 0),
      new.count == newHead.count + 32 * newHead.children.nonzeroBitCount,
      old.count == oldHead.count + 32 * oldHead.children.nonzeroBitCount
    else { return [whole] + old }
    let isSameHead = new.prefix(newHead.count) == old.prefix(oldHead.count)
    var changed: UInt16 = 0
    var slots: [UInt8] = []
    forEachBit(of: oldHead.children) { nibble in
      let slot = old[oldHead.offset(of: nibble)...].prefix(32)
      if newHead.children & BranchNode.bit(nibble) != 0,
        new[newHead.offset(of: nibble)...].prefix(32) == slot
      {
        return
      }
      changed |= BranchNode.bit(nibble)
      slots += slot
    }
    let head = isSameHead ? [] : old[..<oldHead.count]
    let mask = [UInt8(changed >> 8), UInt8(changed & 0xff)]
    let delta = [isSameHead ? slotsOnly : headAndSlots] + head + mask + slots
    return delta.count <= old.count ? delta : [whole] + old
  }

  /// The row before `new`, given the delta that `undo` made of the two.
  ///
  /// - Throws: `TrieRowError` if the delta is malformed or was made of another row.
  public static func apply(
    undo delta: [UInt8], to new: [UInt8]?
  ) throws(TrieRowError) -> [UInt8]? {
    guard let kind = delta.first else { throw .wrongLength }
    switch kind {
    case whole:
      return [UInt8](delta.dropFirst())
    case absent:
      guard delta.count == 1 else { throw .wrongLength }
      return nil
    case slotsOnly, headAndSlots:
      guard let new else { throw .wrongBase }
      let newHead = try Head(new, at: 0)
      guard new.count == newHead.count + 32 * newHead.children.nonzeroBitCount else {
        throw .wrongLength
      }
      let isSameHead = kind == slotsOnly
      let oldHead = isSameHead ? newHead : try Head(delta, at: 1)
      var offset = isSameHead ? 1 : 1 + oldHead.count
      guard delta.count >= offset + 2 else { throw .wrongLength }
      let changed = UInt16(delta[offset]) << 8 | UInt16(delta[offset + 1])
      offset += 2
      guard changed & ~oldHead.children == 0 else { throw .malformed }
      guard delta.count == offset + 32 * changed.nonzeroBitCount else { throw .wrongLength }
      var old = [UInt8](isSameHead ? new[..<newHead.count] : delta[1...oldHead.count])
      old.reserveCapacity(old.count + 32 * oldHead.children.nonzeroBitCount)
      try forEachBit(of: oldHead.children) { nibble throws(TrieRowError) in
        if changed & BranchNode.bit(nibble) != 0 {
          old += delta[offset..<(offset + 32)]
          offset += 32
        } else {
          guard newHead.children & BranchNode.bit(nibble) != 0 else { throw .wrongBase }
          old += new[newHead.offset(of: nibble)...].prefix(32)
        }
      }
      return old
    default:
      throw .malformed
    }
  }
}
