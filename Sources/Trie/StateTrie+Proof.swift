public import Primitives

extension StateTrie {
  /// The nodes from the root towards `key` that prove its value, or that it has none.
  ///
  /// Reads only from `source`, so any version of the state that has a source can be proved. Each
  /// node is held against the hash that its parent names.
  ///
  /// - Throws: `TrieError`, or what the source throws.
  public static func prove(_ key: Hash256, source: some TrieSource) throws -> [[UInt8]] {
    var proof = Proof(key: TriePath(key))
    guard let row = try source.node(at: .root) else {
      guard let leaf = try source.leaf(under: .root) else { return [] }
      try proof.addLeaf(leaf, at: .root, expected: nil)
      return proof.nodes
    }
    var branch = try SubtrieUpdater.decode(row, home: .root)
    var expected: NodeReference?
    while try proof.add(branch, expected: expected) {
      let nibble = proof.key[branch.path.count]
      guard branch.node.hasChild(nibble) else { break }
      let place = branch.path.appending(nibble)
      expected = branch.node.reference(nibble)
      if branch.node.hasLeaf(nibble) {
        guard let leaf = try source.leaf(under: place) else { throw TrieError.missingLeaf(place) }
        try proof.addLeaf(leaf, at: place, expected: expected)
        break
      }
      guard let row = try source.node(at: place) else { throw TrieError.missingRow(place) }
      branch = try SubtrieUpdater.decode(row, home: place)
    }
    return proof.nodes
  }

  private struct Proof {
    let key: TriePath
    var nodes: [[UInt8]] = []

    init(key: TriePath) { self.key = key }

    /// Adds a branch and what is above it; false if the key turns off before the branch.
    mutating func add(_ branch: CachedBranch, expected: NodeReference?) throws -> Bool {
      let (path, home) = (branch.path, branch.homeCount)
      var batch = NodeBatch()
      var reference = batch.single { $0.addBranch(branch.node) }
      let bytes = batch.bytes(at: 0)
      let branchIsInline = reference.isInline
      if branch.hasExtension {
        let child = reference
        reference = batch.single {
          $0.addExtension(count: path.count - home, child: child) { path[home + $0] }
        }
        append(batch.bytes(at: 0), isInline: reference.isInline)
      }
      if let expected, expected != reference { throw TrieError.inconsistent(branch.home) }
      guard key.prefix(path.count) == path else { return false }
      append(bytes, isInline: branchIsInline)
      return true
    }

    mutating func addLeaf(
      _ leaf: (key: Hash256, value: [UInt8]), at place: TriePath, expected: NodeReference?
    ) throws {
      guard place.isPrefix(of: leaf.key) else { throw TrieError.inconsistent(place) }
      let path = TriePath(leaf.key)
      var batch = NodeBatch()
      let reference = batch.single {
        $0.addLeaf(count: path.count - place.count, value: leaf.value) { path[place.count + $0] }
      }
      if let expected, expected != reference { throw TrieError.inconsistent(place) }
      append(batch.bytes(at: 0), isInline: reference.isInline)
    }

    /// Short nodes stand inside their parents, except the root.
    private mutating func append(_ node: [UInt8], isInline: Bool) {
      if !isInline || nodes.isEmpty { nodes.append(node) }
    }
  }
}
