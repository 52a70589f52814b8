internal import Primitives

/// The part of an update that lies below one child of the root.
struct SubtrieWorker {
  let nibble: UInt8
  var changes: [TrieChange] = []
  var result: Result<(subtrie: Subtrie, updater: SubtrieUpdater), any Error>
  /// Rows that changed or are gone.
  var rows: [TrieRowChange] = []
  /// The reference to the child, if it is a branch and was hashed.
  var reference: NodeReference?

  init(nibble: UInt8) {
    self.nibble = nibble
    result = .failure(TrieError.missingRow(TriePath.root.appending(nibble)))
  }

  mutating func apply(below root: CachedBranch, _ source: any TrieSource) {
    do {
      var updater = try SubtrieUpdater(source: source, sorting: changes)
      let existing = try updater.child(of: root, at: nibble)
      let subtrie = try updater.apply(updater.changes.indices, to: existing, depth: 1)
      rows = updater.rows
      result = .success((subtrie, updater))
    } catch {
      result = .failure(error)
    }
  }

  mutating func hash(updateNumber: UInt32) {
    guard case .success((.branch(let branch), let updater)) = result else { return }
    var hasher = SubtrieHasher()
    var rows = rows
    let references = hasher.hash(
      [.branch(branch)], depth: 1, leaves: updater.builder.leaves
    ) { $0.finishUpdate(updateNumber, rows: &rows) }
    self.rows = rows
    reference = references[0]
  }
}
