internal import ChainTypes
internal import KeyValueStore
internal import Primitives

/// The tables of the ledger's database.
///
/// Numbers in keys are eight bytes, big-endian. An account is named by the Keccak hash of its
/// address, a slot by that hash and the Keccak hash of its number: the order of the tries.
enum Schema {
  /// The layout's version: a database of another one is refused.
  static let version: UInt64 = 1

  /// Single rows: `version`, `genesis` (hash), `rules` (JSON), `head` (number).
  static let meta = KeySpace(UInt8(ascii: "m"))
  /// Number → header RLP.
  static let headers = KeySpace(UInt8(ascii: "h"))
  /// Number → block hash ‖ seal; genesis has no seal.
  static let seals = KeySpace(UInt8(ascii: "x"))
  /// Number → RLP list of transactions.
  static let bodies = KeySpace(UInt8(ascii: "b"))
  /// Number → stored receipts.
  static let receipts = KeySpace(UInt8(ascii: "r"))
  /// Number → bloom, only for blocks that have logs.
  static let blooms = KeySpace(UInt8(ascii: "B"))
  /// Block hash → number.
  static let numbers = KeySpace(UInt8(ascii: "H"))
  /// Transaction hash → number ‖ index (four bytes).
  static let transactions = KeySpace(UInt8(ascii: "t"))

  /// Account → account at head.
  static let accounts = KeySpace(UInt8(ascii: "a"))
  /// Account ‖ slot → word at head, without leading zeros.
  static let slots = KeySpace(UInt8(ascii: "s"))
  /// Account ‖ number → the account before block `number` changed it; empty when it was not there.
  static let accountHistory = KeySpace(UInt8(ascii: "A"))
  /// Account ‖ slot ‖ number → the word before block `number` changed it; empty for zero.
  static let slotHistory = KeySpace(UInt8(ascii: "S"))
  /// Code hash → code.
  static let codes = KeySpace(UInt8(ascii: "c"))

  /// Path → row of the account trie.
  static let accountNodes = KeySpace(UInt8(ascii: "n"))
  /// Account ‖ path → row of that account's storage trie.
  static let storageNodes = KeySpace(UInt8(ascii: "o"))
  /// Chunk ‖ number → how to undo what block `number` did to that chunk of the account trie.
  static let accountNodeHistory = KeySpace(UInt8(ascii: "N"))
  /// Account ‖ chunk ‖ number → the same of that account's storage trie.
  static let storageNodeHistory = KeySpace(UInt8(ascii: "O"))
  /// Number → the keys that block `number` wrote to `accountNodeHistory` and `storageNodeHistory`.
  static let nodeHistoryIndex = KeySpace(UInt8(ascii: "P"))
  /// Number → the keys that block `number` wrote to `accountHistory` and `slotHistory`.
  static let stateHistoryIndex = KeySpace(UInt8(ascii: "Q"))

  /// Every table.
  static let tables = [
    meta, headers, seals, bodies, receipts, blooms, numbers, transactions, accounts, slots,
    accountHistory, slotHistory, codes, accountNodes, storageNodes, accountNodeHistory,
    storageNodeHistory, nodeHistoryIndex, stateHistoryIndex,
  ]

  static let versionKey = meta.key(Array("version".utf8))
  static let genesisKey = meta.key(Array("genesis".utf8))
  /// The genesis file without its accounts: the chain's rules.
  static let rulesKey = meta.key(Array("rules".utf8))
  static let headKey = meta.key(Array("head".utf8))
  /// The oldest block whose state is still whole.
  static let oldestStateKey = meta.key(Array("oldest state".utf8))

  static func bigEndian(_ number: UInt64) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { [UInt8]($0) }
  }

  /// The number in exactly eight bytes, or nil.
  static func number(_ bytes: some Collection<UInt8>) -> UInt64? {
    guard bytes.count == 8 else { return nil }
    return bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }

  static func corrupt(_ table: String, _ id: some CustomStringConvertible) -> LedgerError {
    LedgerError(
      .corrupt,
      "the database's \(table) row of \(id) is damaged: stop the node, run `btt node verify`, and "
        + "restore a copy or follow another node from genesis")
  }
}
