public import Primitives

/// The trie over a block's transactions, receipts or withdrawals: values at RLP-encoded indexes.
public enum OrderedTrie {
  /// The root over `values`, none of which may be empty.
  ///
  /// Built from below in one pass; nodes that do not depend on each other are hashed together.
  public static func root(of values: [[UInt8]]) -> Hash256 {
    // In the order of the encoded keys 1...0x7f come first, then 0, then what has a length byte.
    let small = min(values.count, 0x80)
    var entries: [Subtrie] = []
    entries.reserveCapacity(values.count)
    for index in values.indices.prefix(small).dropFirst() { append(index) }
    if !values.isEmpty { append(0) }
    for index in values.indices.dropFirst(small) { append(index) }

    func append(_ index: Int) {
      var encoder = RLPEncoder(capacity: 9)
      encoder.append(UInt64(index))
      guard let path = TriePath(bytes: encoder.bytes) else { return }
      entries.append(.leaf(path: path, value: values[index]))
    }

    var builder = SubtrieBuilder()
    let top = builder.build(entries[...], depth: 0)
    var hasher = SubtrieHasher()
    let root = hasher.hash([top], depth: 0, leaves: builder.leaves) { $0.isDirty = false }
    return root[0]?.rootHash ?? MerklePatriciaTrie.emptyRoot
  }
}
