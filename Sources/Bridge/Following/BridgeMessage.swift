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
  /// The transaction that sent it, as endpoints say.
  package var transaction: Hash256
  /// When it was seen to be final, in seconds since 1970.
  package var finalizedAt: UInt64
  /// What proves it to the sidechain.
  package var proof: DepositProof

  package init(
    root: RootID, id: UInt64, block: RootBlock, blockTime: UInt64, transaction: Hash256,
    finalizedAt: UInt64, proof: DepositProof
  ) {
    self.root = root
    self.id = id
    self.block = block
    self.blockTime = blockTime
    self.transaction = transaction
    self.finalizedAt = finalizedAt
    self.proof = proof
  }
}

extension BridgeMessage {
  /// The most bytes of nodes that are read: above what any receipt that is read makes, so that
  /// what was stored can always be read, also where no transaction can carry it.
  package static let maximumProofSize = 4 << 20

  /// What its proof proves.
  package func content(
    from stateSender: Address
  ) throws(DepositProofError) -> DepositProof.Content {
    try proof.verified(stateSender: stateSender, maximumSize: Self.maximumProofSize)
  }

  /// The deposit that the message is, and the message's bytes; nil when it is something else.
  package func deposit(
    from stateSender: Address
  ) throws -> (deposit: BridgeDeposit, data: [UInt8])? {
    let data = try content(from: stateSender).message.data
    guard case .deposit(let deposit)? = try? StateMessage(decoding: data) else { return nil }
    return (deposit, data)
  }
}

/// What became of a message on the sidechain.
package struct MessageOutcome: Hashable, Sendable {
  /// The word for a message whose proof no transaction can carry.
  package static let unprovable = "unprovable"

  /// The words for it are the state receiver's, or ``unprovable``.
  package var state: String
  /// When that was noticed, in seconds since 1970.
  package var at: UInt64

  package init(state: String, at: UInt64) {
    self.state = state
    self.at = at
  }
}
