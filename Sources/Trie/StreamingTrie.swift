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
  private let keepsRows: Bool
  private var finishedRows: [TrieRowChange] = []

  /// A trie with no entries.
  ///
  /// With `keepingRows` the rows that a store would hold of it can be taken as they get done.
  public init(keepingRows: Bool = false) { keepsRows = keepingRows }

  /// The nibbles in the paths of the rows that are done only with the root: up to as many.
  public static let shallowNibbles = groupNibbles

  /// The rows done since the last call, by path.
  ///
  /// Of the rows below ``shallowNibbles`` each call gives a later part of the table; the others
  /// come together after ``root()``.
  public mutating func takeRows() -> [TrieRowChange] {
    guard !finishedRows.isEmpty else { return [] }
    defer { finishedRows.removeAll(keepingCapacity: true) }
    return finishedRows.sorted { $0.path < $1.path }
  }

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
    let keepsRows = keepsRows
    var rows: [TrieRowChange] = []
    let references = hasher.hash([top], depth: 0, leaves: builder.leaves) { branch in
      if keepsRows { rows.append(branch.asNewRow) }
    }
    finishedRows += rows
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
    let keepsRows = keepsRows
    var rows: [TrieRowChange] = []
    _ = hasher.hash(tops, depth: Self.groupNibbles, leaves: builder.leaves) { branch in
      // Where the topmost branches will lie shows when all entries are known.
      if keepsRows, branch.homeCount > Self.groupNibbles { rows.append(branch.asNewRow) }
    }
    finishedRows += rows
    for case .branch(let branch) in tops { branch.dropKids() }
    done += tops
    buffered.removeAll(keepingCapacity: true)
  }
}

extension CachedBranch {
  fileprivate var asNewRow: TrieRowChange {
    TrieRowChange(path: home, new: TrieRow.encode(self), old: nil)
  }
}
