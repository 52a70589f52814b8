internal import KeyValueStore
internal import Primitives
internal import Trie

/// Holds the stored rows of tries against those that their leaves give, in one walk through the
/// table.
struct TrieRowVerifier {
  private var rows: TableCursor
  private let ownerCount: Int
  /// Rows near the root: what they must be shows only when all leaves have been read.
  private var shallow: [TriePath: [UInt8]] = [:]

  /// A walk through a table whose keys begin with `ownerCount` bytes of whose trie it is.
  init(_ table: KeySpace, ownerCount: Int, of snapshot: any StoreSnapshot) throws {
    rows = try TableCursor(table, of: snapshot)
    self.ownerCount = ownerCount
  }

  /// Checks what the trie's leaves have given so far.
  mutating func check(_ expected: [TrieRowChange], of owner: TrieOwner) throws {
    for row in expected {
      guard row.path.count > StreamingTrie.shallowNibbles else {
        try checkShallow(row, of: owner)
        continue
      }
      try skipShallow(of: owner, before: row.path)
      guard try path(of: owner) == row.path else { throw missing(row.path, of: owner) }
      try compare(rows.value, row, of: owner)
      try rows.advance()
    }
  }

  /// Gathers what is left of the trie, before the rows near its root are checked.
  mutating func finishDeepRows(of owner: TrieOwner) throws {
    try skipShallow(of: owner, before: nil)
  }

  /// Ends one trie.
  mutating func finish(_ owner: TrieOwner) throws {
    if let path = shallow.keys.min() { throw orphan(path, of: owner) }
  }

  /// Ends the table.
  func finish() throws {
    guard rows.key == nil else {
      throw ChainVerifier.Failure(message: "the trie row \(rows.name) is of no trie")
    }
  }

  private mutating func checkShallow(_ row: TrieRowChange, of owner: TrieOwner) throws {
    guard let stored = shallow.removeValue(forKey: row.path) else {
      throw missing(row.path, of: owner)
    }
    try compare(stored, row, of: owner)
  }

  private mutating func skipShallow(of owner: TrieOwner, before end: TriePath?) throws {
    while let path = try path(of: owner) {
      if let end, path >= end { return }
      guard path.count <= StreamingTrie.shallowNibbles else { throw orphan(path, of: owner) }
      shallow[path] = rows.value
      try rows.advance()
    }
  }

  /// The path at hand, if it is one of this trie.
  private func path(of owner: TrieOwner) throws -> TriePath? {
    guard let key = rows.key else { return nil }
    guard key.count >= ownerCount, let path = TriePath(storeKey: key.dropFirst(ownerCount)) else {
      throw ChainVerifier.Failure(message: "the trie row \(rows.name) has no path for a key")
    }
    let found = key.prefix(ownerCount)
    if found.elementsEqual(owner.bytes) { return path }
    guard owner.bytes.lexicographicallyPrecedes(found) else {
      throw ChainVerifier.Failure(
        message: "the trie row \(rows.name) is of no account with storage")
    }
    return nil
  }

  private func compare(_ stored: [UInt8], _ row: TrieRowChange, of owner: TrieOwner) throws {
    guard stored != row.new else { return }
    throw ChainVerifier.Failure(
      message: "the row at \(row.path) of \(owner.name) is not what its leaves give")
  }

  private func missing(_ path: TriePath, of owner: TrieOwner) -> ChainVerifier.Failure {
    ChainVerifier.Failure(message: "the row at \(path) of \(owner.name) is missing")
  }

  private func orphan(_ path: TriePath, of owner: TrieOwner) -> ChainVerifier.Failure {
    ChainVerifier.Failure(message: "the row at \(path) of \(owner.name) belongs to no branch of it")
  }
}

extension TrieOwner {
  /// The trie in words.
  var name: String {
    switch self {
    case .accounts: "the account trie"
    case .storage(let account): "the storage trie of account \(account)"
    }
  }
}
