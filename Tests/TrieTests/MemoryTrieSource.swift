internal import Primitives
internal import Trie

/// Rows and flat entries in dictionaries.
struct MemoryTrieSource: TrieSource {
  var rows: [TriePath: [UInt8]] = [:]
  var entries: [Hash256: [UInt8]] = [:]

  func node(at path: TriePath) -> [UInt8]? { rows[path] }

  func leaf(under path: TriePath) throws -> (key: Hash256, value: [UInt8])? {
    let found = entries.filter { path.isPrefix(of: $0.key) }
    guard found.count <= 1 else { throw AmbiguousLeaf(path: path) }
    return found.first.map { ($0.key, $0.value) }
  }

  /// The trie asked for the one leaf where there are several.
  struct AmbiguousLeaf: Error { let path: TriePath }

  /// Stores what a commit brought, holding it against what is there.
  mutating func store(_ commit: TrieCommit, _ changes: [TrieChange]) throws {
    var paths: Set<TriePath> = []
    for row in commit.rows {
      guard paths.insert(row.path).inserted, rows[row.path] == row.old, row.new != row.old else {
        throw WrongRowChange(row: row)
      }
      rows[row.path] = row.new
    }
    for change in changes {
      entries[change.key] = change.value.flatMap { $0.isEmpty ? nil : $0 }
    }
  }

  /// A row changed twice, or not at all, or from something that was not stored.
  struct WrongRowChange: Error { let row: TrieRowChange }

  /// The root by a trie that shares no code with the state trie but the encoder.
  var expectedRoot: Hash256 {
    var trie = MerklePatriciaTrie()
    for (key, value) in entries { trie[key.bytes] = value }
    return trie.root
  }

  /// The root by streaming the entries.
  func streamedRoot() throws -> Hash256 {
    var trie = StreamingTrie()
    for (key, value) in entries.sorted(by: { $0.key < $1.key }) {
      try trie.add(key: key, value: value)
    }
    return trie.root()
  }

  /// The rows a trie of these entries has when it is made at once.
  func expectedRows() throws -> [TriePath: [UInt8]] {
    let commit = try StateTrie().update(
      entries.map { TrieChange(key: $0.key, value: $0.value) }, source: MemoryTrieSource())
    return Dictionary(uniqueKeysWithValues: commit.rows.map { ($0.path, $0.new ?? []) })
  }
}
