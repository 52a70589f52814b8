public import Primitives

/// The root over entries that come in the order of their keys, in little memory.
///
/// What shares the first three nibbles is built and hashed together and then only its topmost
/// node is kept: memory is that of some thousand entries, or one in 4 096 of them all.
public struct StreamingTrie: ~Copyable {
  private static let groupNibbles = 3
  private static let bufferedEntries = 4_096

  private var buffered: [Subtrie] = []
  private var done: [Subtrie] = []
  private var last: Hash256?
  private var hasher = SubtrieHasher()

  /// A trie with no entries.
  public init() {}

  /// Adds an entry, whose key must be greater than the one before and whose value is not empty.
  ///
  /// - Throws: `TrieError.unorderedKey`.
  public mutating func add(key: Hash256, value: [UInt8]) throws(TrieError) {
    if let last, last >= key { throw .unorderedKey(key) }
    last = key
    let path = TriePath(key)
    if buffered.count >= Self.bufferedEntries, let previous = buffered.last?.path,
      previous.prefix(Self.groupNibbles) != path.prefix(Self.groupNibbles)
    {
      flush()
    }
    buffered.append(.leaf(path: path, value: value))
  }

  /// The root over all entries added; the trie is empty again after it.
  public mutating func root() -> Hash256 {
    flush()
    defer {
      done = []
      last = nil
    }
    var builder = SubtrieBuilder()
    let top = builder.build(done[...], depth: 0)
    if case .branch(let branch) = top { branch.homeCount = 0 }
    let references = hasher.hash([top], depth: 0, leaves: builder.leaves) { _ in }
    return references[0]?.rootHash ?? MerklePatriciaTrie.emptyRoot
  }

  private mutating func flush() {
    var builder = SubtrieBuilder()
    var tops: [Subtrie] = []
    var rest = buffered[...]
    while let first = rest.first?.path.prefix(Self.groupNibbles) {
      let group = rest.prefix { $0.path.prefix(Self.groupNibbles) == first }
      tops.append(builder.build(group, depth: Self.groupNibbles))
      rest = rest[group.endIndex...]
    }
    _ = hasher.hash(tops, depth: Self.groupNibbles, leaves: builder.leaves) { _ in }
    for case .branch(let branch) in tops { branch.dropKids() }
    done += tops
    buffered.removeAll(keepingCapacity: true)
  }
}
