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
    var touched: [TouchedAccount] = []
    touched.reserveCapacity(overlay.entries.count)
    for entry in overlay.entries {
      let slots = entry.changedSlots
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
      touched.append(TouchedAccount(key: key, original: entry.original, current: current))
    }
    // In the order of the keys: neighbours in the batch are neighbours in the database's memory
    // table, so that inserting them finds it in the processor's cache.
    touched.sort { $0.key < $1.key }
    for (hash, code) in overlay.codes { batch.put(Schema.codes.key(hash.bytes), code) }
    let accountRows = try Cores.map(touched.count, pieces: 512) { [touched] range in
      AccountRows(touched[range], number: number)
    }
    for rows in accountRows {
      batch.append(rows.batch)
      stateKeys.append(rows.historyKeys)
    }
    let commit = try accounts.update(
      accountRows.flatMap(\.changes), source: HeadTrieSource(owner: .accounts, snapshot: snapshot))
    try NodeRows.write(
      commit.rows, owner: .accounts, number: number, to: &batch, index: &nodeKeys)
    accounts.trim(toNodeCount: Self.accountNodeLimit)
    if number > 0 {
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
    try NodeRows.write(commit.rows, owner: owner, number: number, to: &batch, index: &nodeKeys)
    trie.trim(toNodeCount: Self.storageNodeLimit)
    return commit.root
  }
}

/// An account that a block changed.
private struct TouchedAccount {
  let key: Hash256
  let original: Account?
  let current: Account?
}

/// What some changed accounts add to a block's batch and to the account trie.
private struct AccountRows {
  private(set) var batch: WriteBatch
  private(set) var historyKeys = KeyList()
  private(set) var changes: [TrieChange] = []

  init(_ accounts: ArraySlice<TouchedAccount>, number: UInt64) {
    batch = WriteBatch(reservingCapacity: accounts.count * 192)
    changes.reserveCapacity(accounts.count)
    for account in accounts {
      if number > 0 {
        let historyKey = Schema.accountHistory.key(account.key.bytes, number)
        batch.put(historyKey, account.original?.row ?? [])
        historyKeys.append(historyKey)
      }
      let key = Schema.accounts.key(account.key.bytes)
      if let current = account.current {
        batch.put(key, current.row)
      } else {
        batch.delete(key)
      }
      changes.append(
        TrieChange(
          key: account.key, value: account.current?.trieValue,
          wasPresent: account.original != nil))
    }
  }
}
