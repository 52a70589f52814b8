internal import Primitives

/// Builds a subtrie of entries in order, none of whose paths begins another's.
struct SubtrieBuilder {
  /// The leaves placed so far, whose references are wanting.
  var leaves: [SubtrieHasher.NewLeaf] = []
  /// How many branches were made.
  private(set) var branchCount = 0

  /// What hangs at a place `depth` nibbles down, below which all `entries` lie.
  mutating func build(_ entries: ArraySlice<Subtrie>, depth: Int) -> Subtrie {
    guard let first = entries.first, let last = entries.last else { return .empty }
    guard entries.count > 1 else { return first }
    // Entries are sorted: what the outermost share, all share.
    let path = first.path
    let split = path.commonPrefixCount(with: last.path)
    let branch = CachedBranch(path: path.prefix(split), homeCount: depth, node: BranchNode())
    branch.isDirty = true
    branchCount += 1
    var rest = entries
    while let nibble = rest.first?.path[split] {
      let group = rest.prefix { $0.path[split] == nibble }
      place(build(group, depth: split + 1), in: branch, at: nibble)
      rest = rest[group.endIndex...]
    }
    return .branch(branch)
  }

  /// Puts a child in its branch's slot and notes what has to be hashed.
  mutating func place(_ child: Subtrie, in branch: CachedBranch, at nibble: UInt8) {
    branch.place(child, at: nibble)
    switch child {
    case .empty: break
    case .leaf(let path, let value):
      leaves.append(.init(branch: branch, nibble: nibble, path: path, value: value))
    case .branch(let kid): kid.isDirty = true
    }
  }
}
