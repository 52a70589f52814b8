internal import Primitives

/// Hashes new leaves, then changed branches from the deepest level up, a batch at a time.
struct SubtrieHasher: ~Copyable {
  /// A leaf whose reference its branch still lacks.
  struct NewLeaf {
    let branch: CachedBranch
    let nibble: UInt8
    let path: TriePath
    let value: [UInt8]
  }

  private struct Pending {
    let branch: CachedBranch
    let parent: CachedBranch?
    let nibble: UInt8
  }

  private var batch = NodeBatch(capacity: 1 << 16)
  private var levels: [[Pending]] = []

  init() {}

  /// Hashes `leaves` and all that is dirty at and below `tops`; gives the reference of each top.
  ///
  /// `visit` sees each branch that was dirty, with its children's references in place.
  mutating func hash(
    _ tops: [Subtrie], depth: Int, leaves: [NewLeaf], visit: (CachedBranch) -> Void
  ) -> [NodeReference?] {
    hashLeaves(leaves)
    for index in levels.indices { levels[index].removeAll(keepingCapacity: true) }
    for case .branch(let branch) in tops { collect(branch, parent: nil, nibble: 0, level: 0) }
    var references: [NodeReference] = []
    for level in levels.indices.reversed() where !levels[level].isEmpty {
      references = hashLevel(level, visit: visit)
    }
    var branches = references.makeIterator()
    return tops.map { top in
      switch top {
      case .empty: nil
      case .leaf(let path, let value):
        batch.single {
          $0.addLeaf(count: path.count - depth, value: value) { path[depth + $0] }
        }
      case .branch: branches.next()
      }
    }
  }

  private mutating func hashLeaves(_ leaves: [NewLeaf]) {
    guard !leaves.isEmpty else { return }
    batch.removeAll()
    for leaf in leaves {
      let start = leaf.branch.path.count + 1
      batch.addLeaf(count: leaf.path.count - start, value: leaf.value) { leaf.path[start + $0] }
    }
    batch.hashAll()
    for (index, leaf) in leaves.enumerated() {
      leaf.branch.node.setReference(batch.reference(at: index), at: leaf.nibble)
    }
  }

  private mutating func collect(
    _ branch: CachedBranch, parent: CachedBranch?, nibble: UInt8, level: Int
  ) {
    if level == levels.count { levels.append([]) }
    levels[level].append(Pending(branch: branch, parent: parent, nibble: nibble))
    forEachBit(of: branch.touched) { nibble in
      guard let kid = branch.kid(nibble) else { return }
      collect(kid, parent: branch, nibble: nibble, level: level + 1)
    }
    branch.touched = 0
  }

  private mutating func hashLevel(
    _ level: Int, visit: (CachedBranch) -> Void
  ) -> [NodeReference] {
    let entries = levels[level]
    batch.removeAll()
    for entry in entries {
      visit(entry.branch)
      batch.addBranch(entry.branch.node)
    }
    batch.hashAll()
    var references = entries.indices.map { batch.reference(at: $0) }
    // Extensions are rare where keys are hashes, so they go one by one.
    for (index, entry) in entries.enumerated() where entry.branch.hasExtension {
      let (path, home, child) = (entry.branch.path, entry.branch.homeCount, references[index])
      references[index] = batch.single {
        $0.addExtension(count: path.count - home, child: child) { path[home + $0] }
      }
    }
    for (index, entry) in entries.enumerated() {
      entry.parent?.node.setReference(references[index], at: entry.nibble)
    }
    return references
  }
}
