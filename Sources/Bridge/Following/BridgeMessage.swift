package import ChainTypes
package import Primitives

/// A message of a root chain's state sender, in a final block, and its proof.
package struct BridgeMessage: Hashable, Sendable {
  package var root: RootID
  package var id: UInt64
  /// The block it is in, which was final.
  package var block: RootBlock
  /// That block's time, in seconds since 1970.
  package var blockTime: UInt64
  /// The transaction that sent it, as a quorum of the endpoints says.
  package var transaction: Hash256
  /// When it was seen to be final, in seconds since 1970.
  package var finalizedAt: UInt64
  /// The message itself: canonical ABI of a `StateMessage`, if it is one.
  package var data: [UInt8]
  /// What proves it to the sidechain; nil where its receipt is more than a transaction can carry.
  package var proof: DepositProof?

  package init(
    root: RootID, id: UInt64, block: RootBlock, blockTime: UInt64, transaction: Hash256,
    finalizedAt: UInt64, data: [UInt8], proof: DepositProof?
  ) {
    self.root = root
    self.id = id
    self.block = block
    self.blockTime = blockTime
    self.transaction = transaction
    self.finalizedAt = finalizedAt
    self.data = data
    self.proof = proof
  }

  /// The deposit that the message is; nil when it is something else.
  package var deposit: BridgeDeposit? {
    guard case .deposit(let deposit)? = try? StateMessage(decoding: data) else { return nil }
    return deposit
  }
}

/// What became of a message on the sidechain.
package struct MessageOutcome: Hashable, Sendable {
  /// The word for a message whose proof no transaction can carry.
  package static let unprovable = "unprovable"
  /// The word for one whose number another message used up, in a block that was taken back.
  package static let superseded = "superseded"

  /// The words for it are the state receiver's, or one of those here.
  package var state: String
  /// When that was noticed, in seconds since 1970.
  package var at: UInt64

  package init(state: String, at: UInt64) {
    self.state = state
    self.at = at
  }
}
