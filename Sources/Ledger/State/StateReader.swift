internal import ChainTypes
internal import KeyValueStore
public import Primitives

/// The state at one height: what execution reads.
public protocol StateReader: Sendable {
  /// The account, or nil when it is not in the state.
  func account(_ address: Address) throws -> Account?
  /// A storage word; zero when it was never set.
  func storage(_ address: Address, _ slot: Hash256) throws -> Hash256
  /// The code with the given hash; empty for the hash of nothing.
  func code(_ hash: Hash256) throws -> [UInt8]
}

/// The rows of a database at one height, found by the hashes of the tries.
struct StoredState: StateReader {
  let store: any StoreReader
  /// The height; nil for the newest.
  let height: UInt64?

  func account(_ address: Address) throws -> Account? {
    try account(hashed: Keccak256.hash(address))
  }

  func storage(_ address: Address, _ slot: Hash256) throws -> Hash256 {
    try storage(hashed: Keccak256.hash(address), Keccak256.hash(slot))
  }

  func code(_ hash: Hash256) throws -> [UInt8] {
    if hash == Keccak256.emptyHash { return [] }
    guard let code = try store.get(Schema.codes.key(hash.bytes)) else {
      throw Schema.corrupt("code", hash)
    }
    return code
  }

  func account(hashed key: Hash256) throws -> Account? {
    let row =
      try before(Schema.accountHistory, key.bytes) ?? store.get(Schema.accounts.key(key.bytes))
    guard let row, !row.isEmpty else { return nil }
    guard let account = Account(row: row) else { throw Schema.corrupt("account", key) }
    return account
  }

  func storage(hashed account: Hash256, _ slot: Hash256) throws -> Hash256 {
    let key = account.bytes + slot.bytes
    let row = try before(Schema.slotHistory, key) ?? store.get(Schema.slots.key(key))
    guard let value = UInt256(bigEndian: row ?? []) else { throw Schema.corrupt("slot", slot) }
    return value.word
  }

  /// What the first change after the height found, or nil when none came: then the row at head is
  /// the answer.
  private func before(_ table: KeySpace, _ key: [UInt8]) throws -> [UInt8]? {
    guard let height, let snapshot = store as? any StoreSnapshot else { return nil }
    let iterator = snapshot.iterator(in: table.range(key))
    guard try iterator.seek(to: table.key(key, height + 1)) else { return nil }
    return iterator.value
  }
}
