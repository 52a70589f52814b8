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
