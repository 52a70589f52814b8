internal import Dispatch
public import Primitives

/// The secure trie of accounts, or of one account's slots, over rows in a store.
///
/// Branches are rows keyed by path and read when a change passes through them; leaves are made
/// from the flat state. Branches stay in memory between updates, so that a block mostly reads what
/// no block before it touched; `trim(toNodeCount:)` bounds them.
///
///     let trie = StateTrie()
///     let commit = try trie.update(changes, source: stateBeforeTheBlock)
///     // store commit.rows together with the flat entries, else trie.reset()
///
/// One owner at a time: the class is not for concurrent use.
public final class StateTrie {
  private enum Top {
    case unknown
    case empty
    case leaf
    case branch(CachedBranch)
  }

  /// From how many changes on an update is worth spreading over the cores.
  private static let parallelThreshold = 192

  private var top = Top.unknown
  private var updateNumber: UInt32 = 0

  /// How many branches are in memory, each of at most 750 bytes.
  public internal(set) var nodeCount = 0

  /// A trie with nothing in memory; what it holds is what the source of each call shows.
  public init() {}

  /// Forgets what is in memory, as is needed after a commit that was not stored.
  public func reset() {
    top = .unknown
    nodeCount = 0
  }

  /// Applies changes and gives the new root and the rows that differ.
  ///
  /// `source` shows the state before them. From now on the trie in memory is the one after them:
  /// if the rows do not get stored, call `reset`. If this throws, that has been done.
  ///
  /// - Parameters:
  ///   - changes: in any order, each key at most once.
  ///   - source: rows and flat entries as they are before the changes.
  /// - Returns: the root and the changed rows.
  /// - Throws: `TrieError`, or what the source throws.
  public func update(
    _ changes: [TrieChange], source: some TrieSource
  ) throws -> TrieCommit {
    do {
      return try updateOrLeaveUndefined(changes, source: source)
    } catch {
      reset()
      throw error
    }
  }

  /// The root of the state that `source` shows.
  public func root(source: some TrieSource) throws -> Hash256 {
    try update([], source: source).root
  }

  private func updateOrLeaveUndefined(
    _ changes: [TrieChange], source: some TrieSource
  ) throws -> TrieCommit {
    let changes = try Self.sorted(changes)
    updateNumber &+= 1
    var updater = SubtrieUpdater(source: source, changes: changes)
    let existing = try loadTop(source)
    let result: Subtrie
    var workers: [SubtrieWorker] = []
    if case .branch(let root) = existing, !root.hasExtension,
      changes.count >= Self.parallelThreshold
    {
      (result, workers) = try applyInParallel(&updater, to: root)
    } else if changes.isEmpty, case .leaf = existing {
      guard let leaf = try source.leaf(under: .root) else { throw TrieError.missingLeaf(.root) }
      result = .leaf(path: TriePath(leaf.key), value: leaf.value)
    } else {
      result = try updater.apply(changes.indices, to: existing, depth: 0)
    }
    nodeCount += updater.branchDelta + updater.builder.branchCount
    for worker in workers {
      nodeCount += worker.updater.branchDelta + worker.updater.builder.branchCount
      updater.rows += worker.updater.rows
    }
    let root = hash(result, &updater)
    switch result {
    case .empty: top = .empty
    case .leaf: top = .leaf
    case .branch(let branch): top = .branch(branch)
    }
    return TrieCommit(root: root, rows: updater.rows)
  }

  private func hash(_ result: Subtrie, _ updater: inout SubtrieUpdater) -> Hash256 {
    if case .branch(let branch) = result { branch.homeCount = 0 }
    var hasher = SubtrieHasher()
    var rows = updater.rows
    let references = hasher.hash([result], depth: 0, leaves: updater.builder.leaves) {
      $0.finishUpdate(updateNumber, rows: &rows)
    }
    updater.rows = rows
    return references[0]?.rootHash ?? MerklePatriciaTrie.emptyRoot
  }

  /// The changes by key, without removals of what is known not to be there.
  private static func sorted(_ changes: [TrieChange]) throws -> [TrieChange] {
    var sorted = changes.filter { !($0.wasPresent == false && ($0.value ?? []).isEmpty) }
    let isSorted = zip(sorted, sorted.dropFirst()).allSatisfy { $0.key < $1.key }
    if isSorted { return sorted }
    sorted.sort { $0.key < $1.key }
    for (left, right) in zip(sorted, sorted.dropFirst()) where left.key == right.key {
      throw TrieError.unorderedKey(left.key)
    }
    return sorted
  }

  private func loadTop(_ source: some TrieSource) throws -> SubtrieUpdater.Existing {
    switch top {
    case .empty: return .none
    case .leaf: return .leaf
    case .branch(let branch): return .branch(branch)
    case .unknown:
      if let row = try source.node(at: .root) {
        let branch = try SubtrieUpdater.decode(row, home: .root)
        nodeCount = 1
        return .branch(branch)
      }
      return try source.leaf(under: .root) == nil ? .none : .leaf
    }
  }

  // MARK: Cores

  /// Applies the changes below each child of `root` on whatever core is free, and hashes them.
  private func applyInParallel(
    _ updater: inout SubtrieUpdater, to root: CachedBranch
  ) throws -> (Subtrie, [SubtrieWorker]) {
    let (home, stored) = updater.takeStoredRow(of: root)
    var workers: [SubtrieWorker] = []
    var start = 0
    let changes = updater.changes
    while start < changes.count {
      let group = updater.group(from: start, in: changes.indices, depth: 0)
      workers.append(SubtrieWorker(source: updater.source, changes: Array(changes[group])))
      start = group.upperBound
    }
    nonisolated(unsafe) let shared = root
    Self.concurrently(&workers) { $0.apply(below: shared) }

    var lastLeaf = Subtrie.empty
    for worker in workers {
      let result = try worker.result.get()
      updater.builder.place(result, in: root, at: worker.nibble)
      if case .leaf = result { lastLeaf = result }
    }
    let result = try updater.settled(root, lastLeaf: lastLeaf)
    if case .branch(let top) = result {
      top.storedRow = stored
    } else if let stored {
      updater.rows.append(TrieRowChange(path: home, new: nil, old: stored))
    }

    if case .branch(let top) = result, top === root {
      let number = updateNumber
      Self.concurrently(&workers) { $0.hash(updateNumber: number) }
      for worker in workers {
        guard case .success(.branch) = worker.result, let reference = worker.reference else {
          continue
        }
        root.node.setReference(reference, at: worker.nibble)
        root.touched &= ~BranchNode.bit(worker.nibble)
      }
    } else {
      // The root was merged into its last child: what is left is hashed with it.
      for worker in workers { updater.builder.leaves += worker.updater.builder.leaves }
    }
    return (result, workers)
  }

  private static func concurrently(
    _ workers: inout [SubtrieWorker], _ body: @Sendable (inout SubtrieWorker) -> Void
  ) {
    workers.withUnsafeMutableBufferPointer { buffer in
      // Each iteration has an element, and with it a subtrie, of its own; the root above them is
      // only read meanwhile.
      nonisolated(unsafe) let buffer = buffer
      DispatchQueue.concurrentPerform(iterations: buffer.count) { body(&buffer[$0]) }
    }
  }
}

extension StateTrie {
  /// Lets branches go, those longest unchanged and then the deepest first, until no more than
  /// three quarters of `limit` are left; does nothing while there are at most `limit`.
  public func trim(toNodeCount limit: Int) {
    guard nodeCount > limit, case .branch(let root) = top else { return }
    let target = max(limit, 4) / 4 * 3
    // A branch was changed at least as late as all below it, so letting go by age or by depth
    // leaves no gaps.
    var byAge = Histogram()
    root.forEachBranch { branch, _ in byAge.add(age(branch)) }
    let oldest = byAge.cut(keeping: target)
    root.dropKids { branch, _ in self.age(branch) > oldest }
    var byDepth = Histogram()
    root.forEachBranch { _, depth in byDepth.add(depth) }
    let deepest = byDepth.cut(keeping: target)
    root.dropKids { _, depth in depth > deepest }
    nodeCount = 0
    root.forEachBranch { _, _ in nodeCount += 1 }
  }

  private func age(_ branch: CachedBranch) -> Int { Int(updateNumber &- branch.lastUpdate) }

  /// Counts by a small number; what is larger counts as the largest.
  private struct Histogram {
    private var counts = [Int](repeating: 0, count: 65)

    mutating func add(_ value: Int) { counts[min(max(value, 0), 64)] += 1 }

    /// The largest value up to which no more than `limit` were counted, at least zero.
    func cut(keeping limit: Int) -> Int {
      var total = counts[0]
      for value in 1..<64 {
        total += counts[value]
        if total > limit { return value - 1 }
      }
      return total + counts[64] > limit ? 63 : .max
    }
  }
}
