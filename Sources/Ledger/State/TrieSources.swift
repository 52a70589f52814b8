internal import ChainTypes
internal import KeyValueStore
internal import Primitives
internal import Trie

/// Whose trie it is: the accounts', or the storage of one account.
enum TrieOwner: Hashable, Sendable {
  case accounts
  case storage(of: Hash256)

  /// The account, or nothing: what stands before a path in keys.
  var bytes: [UInt8] {
    switch self {
    case .accounts: []
    case .storage(let account): account.bytes
    }
  }

  var nodes: KeySpace {
    switch self {
    case .accounts: Schema.accountNodes
    case .storage: Schema.storageNodes
    }
  }

  var nodeHistory: KeySpace {
    switch self {
    case .accounts: Schema.accountNodeHistory
    case .storage: Schema.storageNodeHistory
    }
  }

  func nodeKey(_ path: TriePath) -> [UInt8] { nodes.key(bytes + path.storeKey) }

  /// The table of the trie's leaves, and that of their history.
  var leaves: (now: KeySpace, before: KeySpace) {
    switch self {
    case .accounts: (Schema.accounts, Schema.accountHistory)
    case .storage: (Schema.slots, Schema.slotHistory)
    }
  }

  /// The leaf that a row stands for; nil when the row is empty.
  func leafValue(row: [UInt8], key: Hash256) throws -> [UInt8]? {
    if row.isEmpty { return nil }
    switch self {
    case .accounts:
      guard let account = Account(row: row) else { throw Schema.corrupt("account", key) }
      return account.trieValue
    case .storage:
      var encoder = RLPEncoder(capacity: 40)
      encoder.append(row)
      return encoder.bytes
    }
  }
}

/// The rows of one trie at the height of a snapshot.
struct HeadTrieSource: TrieSource {
  let owner: TrieOwner
  let snapshot: any StoreSnapshot

  func node(at path: TriePath) throws -> [UInt8]? {
    try snapshot.get(owner.nodeKey(path))
  }

  func leaf(under path: TriePath) throws -> (key: Hash256, value: [UInt8])? {
    let table = owner.leaves.now
    let iterator = snapshot.iterator(in: table.range(owner.bytes))
    let start = table.key(owner.bytes + path.firstKey.bytes)
    guard try iterator.seek(to: start), let key = iterator.key.flatMap({ Hash256($0.suffix(32)) }),
      path.isPrefix(of: key), let row = iterator.value,
      let value = try owner.leafValue(row: row, key: key)
    else { return nil }
    return (key, value)
  }
}

/// The rows of one trie at an earlier height: those of now, walked back block by block.
struct PastTrieSource: TrieSource {
  let owner: TrieOwner
  let snapshot: any StoreSnapshot
  let height: UInt64

  func node(at path: TriePath) throws -> [UInt8]? {
    var row = try snapshot.get(owner.nodeKey(path))
    let prefix = owner.bytes + NodeHistory.chunk(of: path)
    let iterator = snapshot.iterator(in: owner.nodeHistory.range(prefix))
    var found = try iterator.seekToLast()
    while found, let key = iterator.key, let number = Schema.number(key.suffix(8)), number > height
    {
      let undo = iterator.withRecord { _, value in NodeHistory.undo(of: path, in: value) } ?? nil
      if let undo { row = try TrieRow.apply(undo: undo, to: row) }
      found = try iterator.previous()
    }
    return row
  }

  func leaf(under path: TriePath) throws -> (key: Hash256, value: [UInt8])? {
    // Just one leaf stood under the path then. It is among the rows of now, or, when it has been
    // removed since, among those of the history.
    let state = StoredState(store: snapshot, height: height)
    let (now, before) = owner.leaves
    for table in [now, before] {
      let iterator = snapshot.iterator(in: table.range(owner.bytes))
      var next = path.firstKey
      while try iterator.seek(to: table.key(owner.bytes + next.bytes)),
        let key = iterator.key.flatMap({ Hash256($0.dropFirst(1 + owner.bytes.count).prefix(32)) }),
        path.isPrefix(of: key)
      {
        if let value = try value(of: key, in: state) { return (key, value) }
        guard let after = UInt256(key).adding(.one) else { break }
        next = after.word
      }
    }
    return nil
  }

  private func value(of key: Hash256, in state: StoredState) throws -> [UInt8]? {
    switch owner {
    case .accounts: return try state.account(hashed: key)?.trieValue
    case .storage(let account):
      let word = UInt256(try state.storage(hashed: account, key))
      return try owner.leafValue(row: word.minimalBytes, key: key)
    }
  }
}

extension TriePath {
  /// The least key at or below the path.
  var firstKey: Hash256 {
    Hash256 { bytes in
      for index in 0..<count {
        bytes[index / 2] |= index % 2 == 0 ? self[index] << 4 : self[index]
      }
    }
  }
}
