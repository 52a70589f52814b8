public import ChainTypes
internal import KeyValueStore
public import Primitives

/// A block that has been executed and could be committed: all it needs is its seal.
public struct PreparedBlock: Sendable {
  /// The block, its roots computed.
  public let block: Block
  /// Its hash.
  public let hash: Hash256
  /// What its transactions did.
  public let receipts: [StoredReceipt]
  /// Everything the block adds to the database but the seal.
  let batch: WriteBatch
}

/// What a proposer decides about a block.
public struct BlockAttributes: Hashable, Sendable {
  /// The time in seconds since 1970; raised to the parent's when it is below.
  public var timestamp: UInt64
  /// Who gets the tips.
  public var feeRecipient: Address
  /// Up to 32 bytes.
  public var extraData: [UInt8]

  /// Attributes.
  public init(timestamp: UInt64, feeRecipient: Address, extraData: [UInt8] = []) {
    self.timestamp = timestamp
    self.feeRecipient = feeRecipient
    self.extraData = extraData
  }
}

/// A transaction and who sent it.
public struct RecoveredTransaction: Hashable, Sendable {
  /// The transaction.
  public let signed: SignedTransaction
  /// The address whose key signed it.
  public let sender: Address

  /// Recovers the sender.
  ///
  /// - Throws: `SignatureError` when the signature fits no key.
  public init(recovering signed: SignedTransaction) throws {
    self.signed = signed
    sender = try signed.recoverSender()
  }

  package init(_ signed: SignedTransaction, sender: Address) {
    self.signed = signed
    self.sender = sender
  }
}

/// Where a block builder gets transactions from, best first.
public protocol TransactionSource {
  /// The next candidate, or nil when there is none.
  mutating func next() -> RecoveredTransaction?
  /// Told when a candidate cannot stand in the block, so that the sender's later ones are left out.
  mutating func skip(_ transaction: RecoveredTransaction, _ rejection: TransactionRejection)
}
