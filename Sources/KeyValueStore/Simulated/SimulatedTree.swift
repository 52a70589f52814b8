/// A sorted map that shares its unchanged parts with every older version of itself.
///
/// A treap: a search tree by key and a heap by a hash of the key, so that its shape depends on its
/// contents alone and its depth is logarithmic. A copy is a reference.
struct SimulatedTree: Sendable {
  final class Node: Sendable {
    let key: [UInt8]
    let value: [UInt8]
    let priority: UInt64
    let left: Node?
    let right: Node?

    init(_ key: [UInt8], _ value: [UInt8], _ priority: UInt64, _ left: Node?, _ right: Node?) {
      self.key = key
      self.value = value
      self.priority = priority
      self.left = left
      self.right = right
    }

    func with(left: Node?) -> Node { Node(key, value, priority, left, right) }

    func with(right: Node?) -> Node { Node(key, value, priority, left, right) }
  }

  private var root: Node?

  subscript(key: UnsafeRawBufferPointer) -> [UInt8]? {
    var node = root
    while let here = node {
      let order = KeyOrder.compare(here.key, key)
      if order == 0 { return here.value }
      node = order > 0 ? here.left : here.right
    }
    return nil
  }

  var first: Node? { edge(\.left) }

  var last: Node? { edge(\.right) }

  /// The first record after `key`, or at it if `orAt`.
  func first(after key: UnsafeRawBufferPointer, orAt: Bool) -> Node? {
    var (node, found) = (root, Node?.none)
    while let here = node {
      let order = KeyOrder.compare(here.key, key)
      let fits = order > 0 || orAt && order == 0
      if fits { found = here }
      node = fits ? here.left : here.right
    }
    return found
  }

  /// The last record before `key`.
  func last(before key: UnsafeRawBufferPointer) -> Node? {
    var (node, found) = (root, Node?.none)
    while let here = node {
      let fits = KeyOrder.compare(here.key, key) < 0
      if fits { found = here }
      node = fits ? here.right : here.left
    }
    return found
  }

  /// Applies the records of `batch` in order.
  mutating func apply(_ batch: WriteBatch) {
    batch.forEach { key, value in
      if let value {
        let node = Node([UInt8](key), [UInt8](value), Self.priority(of: key), nil, nil)
        root = Self.inserting(node, into: root)
      } else if self[key] != nil {
        root = Self.removing(key, from: root)
      }
    }
  }

  private func edge(_ side: KeyPath<Node, Node?>) -> Node? {
    var node = root
    while let next = node?[keyPath: side] { node = next }
    return node
  }

  private static func inserting(_ new: Node, into tree: Node?) -> Node {
    guard let tree else { return new }
    let order = new.key.withBytes { KeyOrder.compare(tree.key, $0) }
    if order == 0 { return Node(new.key, new.value, tree.priority, tree.left, tree.right) }
    if order > 0 {
      let left = inserting(new, into: tree.left)
      guard left.priority > tree.priority else { return tree.with(left: left) }
      return left.with(right: tree.with(left: left.right))
    }
    let right = inserting(new, into: tree.right)
    guard right.priority > tree.priority else { return tree.with(right: right) }
    return right.with(left: tree.with(right: right.left))
  }

  private static func removing(_ key: UnsafeRawBufferPointer, from tree: Node?) -> Node? {
    guard let tree else { return nil }
    let order = KeyOrder.compare(tree.key, key)
    if order == 0 { return joining(tree.left, tree.right) }
    return order > 0
      ? tree.with(left: removing(key, from: tree.left))
      : tree.with(right: removing(key, from: tree.right))
  }

  private static func joining(_ left: Node?, _ right: Node?) -> Node? {
    guard let left else { return right }
    guard let right else { return left }
    return left.priority > right.priority
      ? left.with(right: joining(left.right, right))
      : right.with(left: joining(left, right.left))
  }

  // FNV-1a, then a finaliser that spreads it over all bits.
  private static func priority(of key: UnsafeRawBufferPointer) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in key { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = (hash ^ hash >> 33) &* 0xff51_afd7_ed55_8ccd
    return hash ^ hash >> 33
  }
}
