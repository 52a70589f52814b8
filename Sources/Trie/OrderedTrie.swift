public import Primitives

/// The trie over a block's transactions, receipts or withdrawals: values at RLP-encoded indexes.
public enum OrderedTrie {
  /// The root over `values`, none of which may be empty.
  ///
  /// Built from below in one pass; nodes that do not depend on each other are hashed together.
  public static func root(of values: [[UInt8]]) -> Hash256 {
    var builder = SubtrieBuilder()
    return build(values, &builder).root
  }

  /// The root over `values`, and for each the nodes from the root that prove it.
  ///
  /// Every node is made once and shared by the proofs that it is part of.
  public static func proofs(of values: [[UInt8]]) -> (root: Hash256, proofs: [[[UInt8]]]) {
    var builder = SubtrieBuilder()
    let (top, root) = build(values, &builder)
    var proofs = [[[UInt8]]](repeating: [], count: values.count)
    var batch = NodeBatch()
    var ways: [ObjectIdentifier: [[UInt8]]] = [:]
    var leaves = builder.leaves.map { ($0.path, $0.value, Optional($0.branch)) }
    switch top {
    case .empty: break
    case .leaf(let path, let value): leaves = [(path, value, nil)]
    case .branch(let branch): collectWays(to: branch, after: [], &batch, &ways)
    }
    let indexes = Dictionary(
      values.indices.compactMap { index in path(of: index).map { ($0, index) } },
      uniquingKeysWith: { first, _ in first })
    for (path, value, branch) in leaves {
      guard let index = indexes[path] else { continue }
      let start = branch.map { $0.path.count + 1 } ?? 0
      batch.removeAll()
      batch.addLeaf(count: path.count - start, value: value) { path[start + $0] }
      let way = branch.flatMap { ways[ObjectIdentifier($0)] } ?? []
      proofs[index] = appending(batch.bytes(at: 0), to: way)
    }
    return (root, proofs)
  }

  /// Notes for a branch, and for all below it, the nodes from the root up to it.
  private static func collectWays(
    to branch: CachedBranch, after way: [[UInt8]], _ batch: inout NodeBatch,
    _ ways: inout [ObjectIdentifier: [[UInt8]]]
  ) {
    var way = way
    if branch.hasExtension {
      let child = batch.single { $0.addBranch(branch.node) }
      let (path, home) = (branch.path, branch.homeCount)
      batch.removeAll()
      batch.addExtension(count: path.count - home, child: child) { path[home + $0] }
      way = appending(batch.bytes(at: 0), to: way)
    }
    batch.removeAll()
    batch.addBranch(branch.node)
    way = appending(batch.bytes(at: 0), to: way)
    ways[ObjectIdentifier(branch)] = way
    forEachBit(of: branch.node.children & ~branch.node.leaves) { nibble in
      guard let kid = branch.kid(nibble) else { return }
      collectWays(to: kid, after: way, &batch, &ways)
    }
  }

  /// A node below the root that is shorter than a hash stands inside its parent.
  private static func appending(_ node: [UInt8], to way: [[UInt8]]) -> [[UInt8]] {
    node.count >= 32 || way.isEmpty ? way + [node] : way
  }

  private static func build(
    _ values: [[UInt8]], _ builder: inout SubtrieBuilder
  ) -> (top: Subtrie, root: Hash256) {
    // In the order of the encoded keys 1...0x7f come first, then 0, then what has a length byte.
    let small = min(values.count, 0x80)
    var entries: [Subtrie] = []
    entries.reserveCapacity(values.count)
    for index in values.indices.prefix(small).dropFirst() { append(index) }
    if !values.isEmpty { append(0) }
    for index in values.indices.dropFirst(small) { append(index) }

    func append(_ index: Int) {
      guard let path = path(of: index) else { return }
      entries.append(.leaf(path: path, value: values[index]))
    }

    let top = builder.build(entries[...], depth: 0)
    var hasher = SubtrieHasher()
    let root = hasher.hash([top], depth: 0, leaves: builder.leaves) { $0.isDirty = false }
    return (top, root[0]?.rootHash ?? MerklePatriciaTrie.emptyRoot)
  }

  private static func path(of index: Int) -> TriePath? {
    var encoder = RLPEncoder(capacity: 9)
    encoder.append(UInt64(index))
    return TriePath(bytes: encoder.bytes)
  }
}
