public import Primitives

/// An outbox with all its leaves, for whoever makes proofs.
public struct OutboxTree: Sendable {
  // At each height the complete subtrees, from the left.
  private var levels: [[Hash256]] = Array(repeating: [], count: OutboxHashing.depth + 1)

  /// An outbox without leaves.
  public init() {}

  /// An outbox of these leaves; those beyond what a tree holds are left out.
  public init(_ leaves: some Sequence<Hash256>) {
    for leaf in leaves { append(leaf) }
  }

  /// How many leaves there are.
  public var count: UInt64 { UInt64(levels[0].count) }

  /// The leaves in order.
  public var leaves: [Hash256] { levels[0] }

  /// The root over all leaves.
  public var root: Hash256 {
    OutboxHashing.root(top: node(at: OutboxHashing.depth, 0, count: count), count: count)
  }

  /// Appends a leaf; false when the tree is full.
  @discardableResult
  public mutating func append(_ leaf: Hash256) -> Bool {
    guard count < OutboxHashing.maximumCount else { return false }
    var node = leaf
    var height = 0
    levels[0].append(leaf)
    while levels[height].count % 2 == 0 {
      node = OutboxHashing.inner(levels[height][levels[height].count - 2], node)
      height += 1
      levels[height].append(node)
    }
    return true
  }

  /// The root over the first `count` leaves; nil when there are fewer.
  public func root(count: UInt64) -> Hash256? {
    guard count <= self.count else { return nil }
    return OutboxHashing.root(
      top: node(at: OutboxHashing.depth, 0, count: count), count: count)
  }

  /// The 32 siblings, lowest first, that prove a leaf under the root over the first `count`
  /// leaves; nil when it is not one of them, or there are fewer.
  public func proof(of index: UInt64, count: UInt64) -> [Hash256]? {
    guard index < count, count <= self.count else { return nil }
    return (0..<OutboxHashing.depth).map { height in
      node(at: height, index >> UInt64(height) ^ 1, count: count)
    }
  }

  /// The node at a height over the first `count` leaves.
  private func node(at height: Int, _ index: UInt64, count: UInt64) -> Hash256 {
    let shift = UInt64(height)
    if index << shift >= count { return OutboxHashing.zeros[height] }
    if (index + 1) << shift <= count { return levels[height][Int(index)] }
    return OutboxHashing.inner(
      node(at: height - 1, 2 * index, count: count),
      node(at: height - 1, 2 * index + 1, count: count))
  }

  /// Whether `siblings` prove a leaf at an index under a root over `count` leaves.
  public static func verify(
    leaf: Hash256, index: UInt64, count: UInt64, siblings: [Hash256], root: Hash256
  ) -> Bool {
    guard index < count, count <= OutboxHashing.maximumCount,
      siblings.count == OutboxHashing.depth
    else { return false }
    var node = leaf
    for (height, sibling) in siblings.enumerated() {
      node =
        index >> UInt64(height) & 1 == 0
        ? OutboxHashing.inner(node, sibling) : OutboxHashing.inner(sibling, node)
    }
    return OutboxHashing.root(top: node, count: count) == root
  }
}
