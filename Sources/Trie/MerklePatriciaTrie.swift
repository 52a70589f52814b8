public import Primitives

/// A Merkle Patricia trie in memory, with keys and values of any length.
///
/// It is a value: a copy is a snapshot. The root is computed from all nodes each time it is asked
/// for; what changes from block to block by a few entries belongs into a `StateTrie`.
public struct MerklePatriciaTrie: Sendable {
  /// The root of a trie with no entries: the hash of RLP's empty string.
  public static let emptyRoot = Keccak256.hash([0x80])

  indirect enum Node: Sendable {
    case empty
    case leaf(path: ArraySlice<UInt8>, value: [UInt8])
    case `extension`(path: ArraySlice<UInt8>, child: Node)
    case branch(children: [Node], value: [UInt8])
  }

  private var top = Node.empty

  /// A trie with no entries.
  public init() {}

  /// The value at `key`, which is never empty.
  ///
  /// Setting nil or an empty value removes the entry.
  public subscript(key: [UInt8]) -> [UInt8]? {
    get { Self.value(in: top, Self.nibbles(key)) }
    set {
      let path = Self.nibbles(key)
      if let newValue, !newValue.isEmpty {
        top = Self.inserting(newValue, at: path, in: top)
      } else {
        top = Self.removing(path, in: top)
      }
    }
  }

  /// The hash over all entries.
  public var root: Hash256 {
    var batch = NodeBatch()
    return Self.reference(to: top, &batch)?.rootHash ?? Self.emptyRoot
  }

  /// The nodes from the root towards `key` that prove its value, or that it has none.
  ///
  /// Nodes shorter than 32 bytes stand inside their parents and not by themselves. The proof of
  /// anything about an empty trie has no nodes.
  public func prove(_ key: [UInt8]) -> [[UInt8]] {
    var nodes: [[UInt8]] = []
    var batch = NodeBatch()
    var node = top
    var path = Self.nibbles(key)
    while let reference = Self.reference(to: node, &batch) {
      if !reference.isInline || nodes.isEmpty { nodes.append(batch.bytes(at: 0)) }
      switch node {
      case .empty, .leaf: return nodes
      case .extension(let common, let child):
        guard path.starts(with: common) else { return nodes }
        path = path.dropFirst(common.count)
        node = child
      case .branch(let children, _):
        guard let nibble = path.popFirst() else { return nodes }
        node = children[Int(nibble)]
      }
    }
    return nodes
  }

  private static func nibbles(_ key: [UInt8]) -> ArraySlice<UInt8> {
    key.flatMap { [$0 >> 4, $0 & 15] }[...]
  }

  private static func value(in node: Node, _ path: ArraySlice<UInt8>) -> [UInt8]? {
    switch node {
    case .empty: return nil
    case .leaf(let rest, let value): return rest == path ? value : nil
    case .extension(let common, let child):
      guard path.starts(with: common) else { return nil }
      return self.value(in: child, path.dropFirst(common.count))
    case .branch(let children, let value):
      guard let nibble = path.first else { return value.isEmpty ? nil : value }
      return self.value(in: children[Int(nibble)], path.dropFirst())
    }
  }

  // MARK: Changes

  private static func inserting(
    _ value: [UInt8], at path: ArraySlice<UInt8>, in node: Node
  ) -> Node {
    switch node {
    case .empty:
      return .leaf(path: path, value: value)
    case .leaf(let rest, _) where rest == path:
      return .leaf(path: path, value: value)
    case .leaf(let rest, let old):
      let common = zip(path, rest).prefix { $0 == $1 }.count
      var branch = Node.branch(children: Array(repeating: .empty, count: 16), value: [])
      branch = inserting(old, at: rest.dropFirst(common), in: branch)
      branch = inserting(value, at: path.dropFirst(common), in: branch)
      return joining(path.prefix(common), branch)
    case .extension(let extended, let child):
      let common = zip(path, extended).prefix { $0 == $1 }.count
      if common == extended.count {
        return .extension(
          path: extended, child: inserting(value, at: path.dropFirst(common), in: child))
      }
      var children = Array(repeating: Node.empty, count: 16)
      let rest = extended.dropFirst(common)
      children[Int(rest[rest.startIndex])] = joining(rest.dropFirst(), child)
      let branch = inserting(
        value, at: path.dropFirst(common), in: .branch(children: children, value: []))
      return joining(path.prefix(common), branch)
    case .branch(var children, let old):
      guard let nibble = path.first else { return .branch(children: children, value: value) }
      children[Int(nibble)] = inserting(value, at: path.dropFirst(), in: children[Int(nibble)])
      return .branch(children: children, value: old)
    }
  }

  private static func removing(_ path: ArraySlice<UInt8>, in node: Node) -> Node {
    switch node {
    case .empty: return .empty
    case .leaf(let rest, _): return rest == path ? .empty : node
    case .extension(let common, let child):
      guard path.starts(with: common) else { return node }
      return joining(common, removing(path.dropFirst(common.count), in: child))
    case .branch(var children, var value):
      if let nibble = path.first {
        children[Int(nibble)] = removing(path.dropFirst(), in: children[Int(nibble)])
      } else {
        value = []
      }
      return normalized(children, value)
    }
  }

  /// A branch, or what stands for it when only one thing is left in it.
  private static func normalized(_ children: [Node], _ value: [UInt8]) -> Node {
    let present = children.indices.filter { if case .empty = children[$0] { false } else { true } }
    if present.isEmpty { return value.isEmpty ? .empty : .leaf(path: [], value: value) }
    guard present.count == 1, value.isEmpty else {
      return .branch(children: children, value: value)
    }
    return joining([UInt8(truncatingIfNeeded: present[0])], children[present[0]])
  }

  /// The node reached by `path` and then by what `node` itself says.
  private static func joining(_ path: ArraySlice<UInt8>, _ node: Node) -> Node {
    if path.isEmpty { return node }
    switch node {
    case .empty: return .empty
    case .leaf(let rest, let value): return .leaf(path: path + rest, value: value)
    case .extension(let rest, let child): return .extension(path: path + rest, child: child)
    case .branch: return .extension(path: path, child: node)
    }
  }

  // MARK: Hashes

  /// The reference to a node, whose encoding then is the batch's only entry; nil if it is empty.
  private static func reference(to node: Node, _ batch: inout NodeBatch) -> NodeReference? {
    switch node {
    case .empty: return nil
    case .leaf(let path, let value):
      return batch.single {
        $0.addLeaf(count: path.count, value: value) { path[path.startIndex + $0] }
      }
    case .extension(let path, let child):
      guard let child = reference(to: child, &batch) else { return nil }
      return batch.single {
        $0.addExtension(count: path.count, child: child) { path[path.startIndex + $0] }
      }
    case .branch(let children, let value):
      var branch = BranchNode()
      for nibble in UInt8(0)..<16 {
        guard let child = reference(to: children[Int(nibble)], &batch) else { continue }
        branch.insert(nibble, isLeaf: false)
        branch.setReference(child, at: nibble)
      }
      return batch.single { $0.addBranch(branch, value: value) }
    }
  }
}
