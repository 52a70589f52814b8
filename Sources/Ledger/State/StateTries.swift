internal import ChainTypes
internal import KeyValueStore
internal import Primitives
internal import Trie

/// The tries of the newest state, kept warm between blocks, and what a block adds to them.
///
/// After `apply` the tries are those of the new block; when that block is then not committed,
/// `reset` must forget them.
struct StateTries {
  private var accounts = StateTrie()
  private var storage: [Hash256: StateTrie] = [:]

  /// The most rows of the account trie kept in memory: about 700 bytes each.
  private static let accountNodeLimit = 60_000
  /// The most storage tries kept in memory, and the most rows of each.
  private static let storageTrieLimit = 64
  private static let storageNodeLimit = 4_000

  /// Forgets everything; the next use reads it again.
  mutating func reset() { self = StateTries() }

  /// Writes the overlay's changes and their history to the batch.
  ///
  /// - Returns: the state root after them.
  mutating func apply(
    _ overlay: StateOverlay, number: UInt64, snapshot: any StoreSnapshot,
    to batch: inout WriteBatch
  ) throws -> Hash256 {
    var nodeKeys = KeyList()
    var stateKeys = KeyList()
    let keepsHistory = number > 0
    var changes: [TrieChange] = []
    for entry in overlay.entries {
      let slots = entry.slots.filter { $0.value.original != $0.value.current }
      guard !slots.isEmpty || entry.original != entry.current else { continue }
      let key = Keccak256.hash(entry.address)
      var current = entry.current
      if !slots.isEmpty {
        let root = try applyStorage(
          slots, of: key, number: number, snapshot: snapshot, to: &batch, nodeKeys: &nodeKeys,
          stateKeys: &stateKeys)
        current?.storageRoot = root
      }
      if current?.isEmpty == true { current = nil }
      if keepsHistory {
        let historyKey = Schema.accountHistory.key(key.bytes, number)
        batch.put(historyKey, entry.original?.row ?? [])
        stateKeys.append(historyKey)
      }
      if let current {
        batch.put(Schema.accounts.key(key.bytes), current.row)
      } else {
        batch.delete(Schema.accounts.key(key.bytes))
      }
      changes.append(
        TrieChange(key: key, value: current?.trieValue, wasPresent: entry.original != nil))
    }
    for (hash, code) in overlay.codes { batch.put(Schema.codes.key(hash.bytes), code) }
    let commit = try accounts.update(
      changes, source: HeadTrieSource(owner: .accounts, snapshot: snapshot))
    Self.write(commit, owner: .accounts, number: number, to: &batch, nodeKeys: &nodeKeys)
    accounts.trim(toNodeCount: Self.accountNodeLimit)
    if keepsHistory {
      batch.put(Schema.nodeHistoryIndex.key(number), nodeKeys.bytes)
      batch.put(Schema.stateHistoryIndex.key(number), stateKeys.bytes)
    }
    return commit.root
  }

  private mutating func applyStorage(
    _ slots: [Hash256: StateOverlay.Slot], of account: Hash256, number: UInt64,
    snapshot: any StoreSnapshot, to batch: inout WriteBatch, nodeKeys: inout KeyList,
    stateKeys: inout KeyList
  ) throws -> Hash256 {
    let owner = TrieOwner.storage(of: account)
    var changes: [TrieChange] = []
    for (slot, words) in slots {
      let hashed = Keccak256.hash(slot)
      let key = account.bytes + hashed.bytes
      let row = UInt256(words.current).minimalBytes
      if number > 0 {
        let historyKey = Schema.slotHistory.key(key, number)
        batch.put(historyKey, UInt256(words.original).minimalBytes)
        stateKeys.append(historyKey)
      }
      if row.isEmpty {
        batch.delete(Schema.slots.key(key))
      } else {
        batch.put(Schema.slots.key(key), row)
      }
      changes.append(
        TrieChange(
          key: hashed, value: try owner.leafValue(row: row, key: hashed),
          wasPresent: !words.original.isZero))
    }
    if storage[account] == nil, storage.count >= Self.storageTrieLimit { storage.removeAll() }
    let trie = storage[account] ?? StateTrie()
    storage[account] = trie
    let commit = try trie.update(
      changes, source: HeadTrieSource(owner: owner, snapshot: snapshot))
    Self.write(commit, owner: owner, number: number, to: &batch, nodeKeys: &nodeKeys)
    trie.trim(toNodeCount: Self.storageNodeLimit)
    return commit.root
  }

  private static func write(
    _ commit: TrieCommit, owner: TrieOwner, number: UInt64, to batch: inout WriteBatch,
    nodeKeys: inout KeyList
  ) {
    for row in commit.rows {
      let key = owner.nodeKey(row.path)
      if let new = row.new { batch.put(key, new) } else { batch.delete(key) }
    }
    guard number > 0 else { return }
    NodeHistory.write(commit.rows, owner: owner, number: number, to: &batch, index: &nodeKeys)
  }
}
