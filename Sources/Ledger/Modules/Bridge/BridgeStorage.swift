internal import ChainTypes
internal import Primitives

/// Where the state receiver's words lie: docs/specs/native-modules.md has the table.
enum ReceiverStorage {
  static let account = StateReceiverModule.address
  static let tokensSlot: UInt64 = 7

  /// The attested header of a height: hash, then receipts root.
  static func attested(_ root: UInt64, _ number: UInt64) -> Hash256 {
    nested(root, number, at: 0)
  }

  /// The weight of the votes for one header.
  static func weight(_ root: UInt64, _ number: UInt64, of statement: Hash256) -> Hash256 {
    StorageLayout.mapping(statement, in: nested(root, number, at: 1))
  }

  /// A validator's first vote, then one that conflicts with it.
  static func vote(_ root: UInt64, _ number: UInt64, by validator: Address) -> Hash256 {
    StorageLayout.mapping(StorageLayout.word(validator), in: nested(root, number, at: 2))
  }

  /// Which of 256 messages are here, a bit each.
  static func inbox(_ root: UInt64, _ id: UInt64) -> Hash256 { nested(root, id / 256, at: 3) }

  /// A message that is not applied: status, reason and time, then the hash of its data.
  static func failure(_ root: UInt64, _ id: UInt64) -> Hash256 { nested(root, id, at: 4) }

  /// The weight of those who want a root chain to stand still.
  static func pausing(_ root: UInt64) -> Hash256 { StorageLayout.mapping(root, at: 5) }

  /// Whether a validator does.
  static func isPausing(_ root: UInt64, _ validator: Address) -> Hash256 {
    StorageLayout.mapping(
      StorageLayout.word(validator), in: StorageLayout.mapping(root, at: 6))
  }

  /// How many tokens there are.
  static let tokenCount = StorageLayout.slot(tokensSlot)

  /// A token, by its number.
  static func token(_ index: UInt64) -> Hash256 {
    StorageLayout.element(index, ofArrayAt: tokensSlot)
  }

  /// What a token is: root, root token and decimals; then supply, name and symbol.
  static func tokenInfo(_ child: Address) -> Hash256 { StorageLayout.mapping(child, at: 8) }

  static func supply(_ child: Address) -> Hash256 {
    StorageLayout.member(1, of: tokenInfo(child))
  }

  /// What a spender may move of an owner's.
  static func allowance(_ child: Address, _ owner: Address, _ spender: Address) -> Hash256 {
    StorageLayout.mapping(
      StorageLayout.word(spender),
      in: StorageLayout.mapping(
        StorageLayout.word(owner), in: StorageLayout.mapping(child, at: 9)))
  }

  /// The digests of all checkpoints that were begun for a root chain.
  static func candidates(_ root: UInt64) -> Hash256 { StorageLayout.mapping(root, at: 10) }

  /// The first of them that was begun after the last complete one.
  static func firstOpen(_ root: UInt64) -> Hash256 { StorageLayout.mapping(root, at: 11) }

  /// The last complete one.
  static func lastCheckpoint(_ root: UInt64) -> Hash256 { StorageLayout.mapping(root, at: 12) }

  /// A checkpoint: its numbers, block hash, outbox root, weight, signers.
  static func checkpoint(_ digest: Hash256) -> Hash256 {
    StorageLayout.mapping(digest, at: 13)
  }

  /// A signature in two words: r, then s with the parity in the highest bit (EIP-2098).
  static func signature(_ digest: Hash256, _ signer: Address) -> Hash256 {
    StorageLayout.mapping(
      StorageLayout.word(signer), in: StorageLayout.mapping(digest, at: 14))
  }

  /// The place, counted from one, of the checkpoint that a validator began last.
  static func begun(_ root: UInt64, _ signer: Address) -> Hash256 {
    StorageLayout.mapping(StorageLayout.word(signer), in: StorageLayout.mapping(root, at: 15))
  }

  /// The element of a dynamic array whose length lies at `slot`.
  static func element(_ index: UInt64, of slot: Hash256) -> Hash256 {
    StorageLayout.member(index, of: Keccak256.hash(slot))
  }

  private static func nested(_ root: UInt64, _ key: UInt64, at slot: UInt64) -> Hash256 {
    StorageLayout.mapping(UInt256(key).word, in: StorageLayout.mapping(root, at: slot))
  }
}

/// Where the words of the outboxes and of the books lie, in the account of BTT.
enum OutboxStorage {
  static let account = Genesis.reserveAddress
  /// The reserve as genesis left it.
  static let reserveAtGenesis = StorageLayout.slot(2)

  /// BTT that came from a root chain less what went back.
  static func book(_ root: UInt64) -> Hash256 { StorageLayout.mapping(root, at: 3) }

  /// The count of an outbox; its branch follows.
  static func count(_ root: UInt64) -> Hash256 { StorageLayout.mapping(root, at: 4) }

  static func branch(_ root: UInt64, _ height: Int) -> Hash256 {
    StorageLayout.member(1 + UInt64(height), of: count(root))
  }

  /// A leaf: root token and height, then receiver, then amount.
  static func leaf(_ root: UInt64, _ index: UInt64) -> Hash256 {
    StorageLayout.mapping(UInt256(index).word, in: StorageLayout.mapping(root, at: 5))
  }

  /// The root of an outbox when it had so many leaves.
  static func root(_ root: UInt64, count: UInt64) -> Hash256 {
    StorageLayout.mapping(UInt256(count).word, in: StorageLayout.mapping(root, at: 6))
  }
}

extension Hash256 {
  /// The number in the lowest 64 bits above `shift`.
  func uint64(above shift: Int = 0) -> UInt64 {
    UInt64(truncatingIfNeeded: (UInt256(self) >> shift).low)
  }
}
