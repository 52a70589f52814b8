/// A version of a ``SimulatedStore``.
final class SimulatedSnapshot: StoreSnapshot {
  private let tree: SimulatedTree

  init(tree: SimulatedTree) { self.tree = tree }

  func get(_ key: UnsafeRawBufferPointer) throws(StoreError) -> [UInt8]? { tree[key] }

  func iterator(in range: KeyRange) -> StoreIterator {
    StoreIterator(range: range, cursor: SimulatedCursor(tree: tree))
  }
}

/// A position in a version of a ``SimulatedStore``.
private final class SimulatedCursor: StoreCursor {
  private let tree: SimulatedTree
  private var node: SimulatedTree.Node?

  init(tree: SimulatedTree) { self.tree = tree }

  var isValid: Bool { node != nil }

  func seekToFirst() { node = tree.first }

  func seekToLast() { node = tree.last }

  func seek(to key: UnsafeRawBufferPointer) { node = tree.first(after: key, orAt: true) }

  func next() {
    node = node?.key.withBytes { tree.first(after: $0, orAt: false) }
  }

  func previous() {
    node = node?.key.withBytes { tree.last(before: $0) }
  }

  func withRecord(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void) {
    guard let node else { return }
    node.key.withBytes { key in node.value.withBytes { value in body(key, value) } }
  }
}
