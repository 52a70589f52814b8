public import Primitives

/// An outbox in 32 hashes: enough to append and to give the root, as in Ethereum's deposit
/// contract.
public struct OutboxBranch: Hashable, Sendable {
  /// How many leaves there are.
  public private(set) var count: UInt64
  /// At each height the newest complete left subtree; those whose bit is not set in `count` are
  /// not looked at.
  public private(set) var nodes: [Hash256]

  /// An outbox without leaves.
  public init() {
    count = 0
    nodes = Array(repeating: .zero, count: OutboxHashing.depth)
  }

  /// An outbox of so many leaves, whose nodes `node` gives for the heights that are set in `count`.
  public init<Failure: Error>(
    count: UInt64, node: (Int) throws(Failure) -> Hash256
  ) throws(Failure) {
    self.init()
    self.count = count
    for height in 0..<OutboxHashing.depth where count >> UInt64(height) & 1 == 1 {
      nodes[height] = try node(height)
    }
  }

  /// Appends a leaf and gives the one height whose node has changed; nil when the tree is full.
  @discardableResult
  public mutating func append(_ leaf: Hash256) -> Int? {
    guard count < OutboxHashing.maximumCount else { return nil }
    count += 1
    var node = leaf
    // The lowest bit of the new count tells how many complete subtrees the leaf ends.
    let height = count.trailingZeroBitCount
    for below in 0..<height { node = OutboxHashing.inner(nodes[below], node) }
    nodes[height] = node
    return height
  }

  /// The root over the leaves and their count.
  public var root: Hash256 {
    var node = Hash256.zero
    for height in 0..<OutboxHashing.depth {
      node =
        count >> UInt64(height) & 1 == 1
        ? OutboxHashing.inner(nodes[height], node)
        : OutboxHashing.inner(node, OutboxHashing.zeros[height])
    }
    return OutboxHashing.root(top: node, count: count)
  }
}
