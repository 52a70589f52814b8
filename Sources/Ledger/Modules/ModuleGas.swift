/// What a module's work costs, in gas.
///
/// The table is part of the chain's rules and is published in docs/specs/native-modules.md.
enum ModuleGas {
  /// Reading a storage word.
  static let load: UInt64 = 2_100
  /// Setting a word that was zero.
  static let storeNew: UInt64 = 20_000
  /// Changing or clearing a word that was not zero.
  static let storeChange: UInt64 = 5_000
  /// Reading a balance.
  static let balance: UInt64 = 2_600
  /// Moving money.
  static let transfer: UInt64 = 9_000
  /// Moving money to an account that did not exist.
  static let newAccount: UInt64 = 25_000
  /// A log.
  static let log: UInt64 = 375
  /// Each topic of a log.
  static let logTopic: UInt64 = 375
  /// Each byte of a log's data.
  static let logByte: UInt64 = 8
  /// Recovering who made a signature.
  static let signature: UInt64 = 3_000
  /// Hashing a channel's descriptor, what is signed, or a node of an outbox.
  static let hash: UInt64 = 100
  /// Checking 32 bytes of a header or of trie nodes.
  static let proofWord: UInt64 = 12
}
