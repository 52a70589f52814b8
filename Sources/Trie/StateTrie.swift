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
  private var trimPosition: UInt8 = 0

  /// How many branches are in memory, each of at most 750 bytes.
  public private(set) var nodeCount = 0

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
    updateNumber &+= 1
    let existing = try loadTop(source)
    let updater: SubtrieUpdater
    let result: Subtrie
    var rows: [TrieRowChange] = []
    if case .branch(let root) = existing, !root.hasExtension,
      changes.count >= Self.parallelThreshold
    {
      (result, updater) = try applyInParallel(changes, to: root, source, rows: &rows)
    } else {
      (result, updater) = try apply(changes, to: existing, source)
    }
    nodeCount += updater.branchDelta + updater.builder.branchCount
    rows += updater.rows
    let root = hash(result, leaves: updater.builder.leaves, rows: &rows)
    switch result {
    case .empty: top = .empty
    case .leaf: top = .leaf
    case .branch(let branch): top = .branch(branch)
    }
    return TrieCommit(root: root, rows: rows)
  }

  private func apply(
    _ changes: [TrieChange], to existing: SubtrieUpdater.Existing, _ source: some TrieSource
  ) throws -> (Subtrie, SubtrieUpdater) {
    var updater = try SubtrieUpdater(source: source, sorting: changes)
    if updater.changes.isEmpty, case .leaf = existing {
      guard let leaf = try source.leaf(under: .root) else { throw TrieError.missingLeaf(.root) }
      return (.leaf(path: TriePath(leaf.key), value: leaf.value), updater)
    }
    let result = try updater.apply(updater.changes.indices, to: existing, depth: 0)
    return (result, updater)
  }

  private func hash(
    _ result: Subtrie, leaves: [SubtrieHasher.NewLeaf], rows: inout [TrieRowChange]
  ) -> Hash256 {
    if case .branch(let branch) = result { branch.homeCount = 0 }
    var hasher = SubtrieHasher()
    let references = hasher.hash([result], depth: 0, leaves: leaves) {
      $0.finishUpdate(updateNumber, rows: &rows)
    }
    return references[0]?.rootHash ?? MerklePatriciaTrie.emptyRoot
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
    _ changes: [TrieChange], to root: CachedBranch, _ source: some TrieSource,
    rows: inout [TrieRowChange]
  ) throws -> (Subtrie, SubtrieUpdater) {
    var updater = try SubtrieUpdater(source: source, sorting: [])
    let (home, stored) = updater.takeStoredRow(of: root)
    var workers = (UInt8(0)..<16).map { SubtrieWorker(nibble: $0) }
    for change in changes { workers[Int(change.key.nibble(at: 0))].changes.append(change) }
    workers.removeAll { $0.changes.isEmpty }
    nonisolated(unsafe) let shared = root
    Self.concurrently(&workers) { $0.apply(below: shared, source) }

    var lastLeaf = Subtrie.empty
    for worker in workers {
      let (result, part) = try worker.result.get()
      nodeCount += part.branchDelta + part.builder.branchCount
      updater.builder.place(result, in: root, at: worker.nibble)
      if case .leaf = result { lastLeaf = result }
    }
    let result = try updater.settled(root, lastLeaf: lastLeaf)
    if case .branch(let top) = result {
      top.storedRow = stored
    } else if let stored {
      rows.append(TrieRowChange(path: home, new: nil, old: stored))
    }

    if case .branch(let top) = result, top === root {
      let number = updateNumber
      Self.concurrently(&workers) { $0.hash(updateNumber: number) }
      for worker in workers {
        guard let reference = worker.reference else { continue }
        root.node.setReference(reference, at: worker.nibble)
        root.touched &= ~BranchNode.bit(worker.nibble)
      }
    } else {
      // The root was merged into its last child: what is left is hashed with it.
      for worker in workers {
        updater.builder.leaves += try worker.result.get().updater.builder.leaves
      }
    }
    rows.reserveCapacity(workers.reduce(1) { $0 + $1.rows.count })
    for worker in workers { rows += worker.rows }
    return (result, updater)
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

  // MARK: Memory

  /// Lets branches go until at most `limit` are left, besides the root; those longest unchanged
  /// first, and of these the deepest.
  ///
  /// Goes round the root's subtries and halves what each has in memory, so that the work is in
  /// proportion to what was loaded since the last call. Does nothing while there are few enough.
  public func trim(toNodeCount limit: Int) {
    guard case .branch(let root) = top else { return }
    var visits = 0
    // Halving a subtrie seven times empties it down to a hundredth; past all halvings only the
    // root is left.
    while nodeCount > max(limit, 1), visits < 16 * 64 {
      visits += 1
      trimPosition = (trimPosition + 1) % 16
      guard let kid = root.kid(trimPosition) else { continue }
      nodeCount -= root.halveKid(kid, at: trimPosition, updateNumber: updateNumber)
    }
  }
}
