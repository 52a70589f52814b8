internal import Primitives

/// The part of an update that lies below one child of the root.
struct SubtrieWorker {
  let nibble: UInt8
  var updater: SubtrieUpdater
  var result: Result<Subtrie, any Error> = .success(.empty)
  var reference: NodeReference?

  /// A worker for changes that all begin with the same nibble.
  init(source: any TrieSource, changes: [TrieChange]) {
    nibble = changes.first?.key.nibble(at: 0) ?? 0
    updater = SubtrieUpdater(source: source, changes: changes)
  }

  mutating func apply(below root: CachedBranch) {
    do {
      let existing = try updater.child(of: root, at: nibble)
      result = .success(
        try updater.apply(updater.changes.indices, to: existing, depth: 1))
    } catch {
      result = .failure(error)
    }
  }

  mutating func hash(updateNumber: UInt32) {
    guard case .success(.branch(let branch)) = result else { return }
    var hasher = SubtrieHasher()
    var rows = updater.rows
    let references = hasher.hash(
      [.branch(branch)], depth: 1, leaves: updater.builder.leaves
    ) { $0.finishUpdate(updateNumber, rows: &rows) }
    updater.rows = rows
    reference = references[0]
  }
}
