internal import Primitives

/// A branch in memory, with those of its child branches that are in memory too.
///
/// Its own path and its home differ by the nibbles of the extension above it: the row that holds
/// both lies at the home, where the parent's slot points.
final class CachedBranch {
  /// Where the branch itself is.
  let path: TriePath
  /// How many nibbles of the path lead to the place where its row lies.
  var homeCount: Int
  var node: BranchNode
  private(set) var kids = [16 of CachedBranch?](repeating: nil)

  /// Child branches that were changed and not hashed yet.
  var touched: UInt16 = 0
  /// Whether this branch was changed and not hashed yet.
  var isDirty = false
  /// The row that the store has at this branch's home; only kept while an update runs.
  var storedRow: [UInt8]?
  /// The number of the last update that changed the branch.
  var lastUpdate: UInt32 = 0

  init(path: TriePath, homeCount: Int, node: BranchNode) {
    self.path = path
    self.homeCount = homeCount
    self.node = node
  }

  var home: TriePath { path.prefix(homeCount) }
  var hasExtension: Bool { path.count > homeCount }

  func kid(_ nibble: UInt8) -> CachedBranch? { kids[Int(nibble & 15)] }

  func setKid(_ kid: CachedBranch?, at nibble: UInt8) { kids[Int(nibble & 15)] = kid }

  /// Lets all child branches go.
  func dropKids() { kids = [16 of CachedBranch?](repeating: nil) }

  /// Puts what an update made of a child in its place; a leaf's reference follows.
  func place(_ child: Subtrie, at nibble: UInt8) {
    switch child {
    case .empty:
      node.remove(nibble)
      setKid(nil, at: nibble)
      touched &= ~BranchNode.bit(nibble)
    case .leaf:
      node.insert(nibble, isLeaf: true)
      setKid(nil, at: nibble)
      touched &= ~BranchNode.bit(nibble)
    case .branch(let branch):
      branch.homeCount = path.count + 1
      node.insert(nibble, isLeaf: false)
      setKid(branch, at: nibble)
      touched |= BranchNode.bit(nibble)
    }
  }
}

extension CachedBranch {
  /// Notes the row to store, if it is another, and that nothing is left to hash here.
  func finishUpdate(_ number: UInt32, rows: inout [TrieRowChange]) {
    let row = TrieRow.encode(self)
    if !row.isSame(as: storedRow) {
      rows.append(TrieRowChange(path: home, new: row, old: storedRow))
    }
    storedRow = nil
    isDirty = false
    lastUpdate = number
  }

  /// Lets half of a child's subtrie in memory go, rounded up; gives how many branches went.
  ///
  /// A branch was changed no earlier than any below it, so what goes by age and then by depth
  /// leaves no gap above what stays.
  func halveKid(_ kid: CachedBranch, at nibble: UInt8, updateNumber: UInt32) -> Int {
    var counts = [Int](repeating: 0, count: 64 * 64)
    kid.forEachBranch { counts[$0.rank(updateNumber, depth: $1)] += 1 }
    let total = counts.reduce(0, +)
    var kept = 0
    let limit = counts.firstIndex { count in
      kept += count
      return kept > total / 2
    }
    guard let limit else { return 0 }
    if kid.rank(updateNumber, depth: 0) >= limit {
      setKid(nil, at: nibble)
    } else {
      kid.dropKids { $0.rank(updateNumber, depth: $1) >= limit }
    }
    return total - (kept - counts[limit])
  }

  /// The age in updates, and with the same age the depth.
  private func rank(_ updateNumber: UInt32, depth: Int) -> Int {
    Int(min(updateNumber &- lastUpdate, 63)) * 64 + min(depth, 63)
  }

  /// Calls `body` with this branch and all below it that are in memory, and their depth.
  private func forEachBranch(depth: Int = 0, _ body: (CachedBranch, Int) -> Void) {
    body(self, depth)
    forEachBit(of: node.children & ~node.leaves) { kid($0)?.forEachBranch(depth: depth + 1, body) }
  }

  /// Lets go of all branches below for which `isDropped` says so, with what is below them.
  private func dropKids(depth: Int = 1, where isDropped: (CachedBranch, Int) -> Bool) {
    forEachBit(of: node.children & ~node.leaves) { nibble in
      guard let kid = kid(nibble) else { return }
      if isDropped(kid, depth) {
        setKid(nil, at: nibble)
      } else {
        kid.dropKids(depth: depth + 1, where: isDropped)
      }
    }
  }
}

/// What hangs at a place of a trie while it is built or changed.
enum Subtrie {
  case empty
  case leaf(path: TriePath, value: [UInt8])
  case branch(CachedBranch)

  /// The whole path to the leaf or branch.
  var path: TriePath {
    switch self {
    case .empty: .root
    case .leaf(let path, _): path
    case .branch(let branch): branch.path
    }
  }
}

extension [UInt8] {
  /// Equality, eight bytes at a step: rows are compared by the ten thousand.
  fileprivate func isSame(as other: [UInt8]?) -> Bool {
    guard let other, count == other.count else { return false }
    return withUnsafeBytes { left in
      other.withUnsafeBytes { right in
        var offset = 0
        while offset + 8 <= left.count {
          if left.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            != right.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
          {
            return false
          }
          offset += 8
        }
        return left[offset...].elementsEqual(right[offset...])
      }
    }
  }
}
