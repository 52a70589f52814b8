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
  /// The deposit that the message is, and the message's bytes; nil when it is something else.
  package func deposit(
    from stateSender: Address
  ) throws -> (deposit: BridgeDeposit, data: [UInt8])? {
    let data = try proof.verified(stateSender: stateSender).message.data
    guard case .deposit(let deposit)? = try? StateMessage(decoding: data) else { return nil }
    return (deposit, data)
  }
}

/// What became of a message on the sidechain.
package struct MessageOutcome: Hashable, Sendable {
  /// The words for it are the state receiver's.
  package var state: String
  /// When that was noticed, in seconds since 1970.
  package var at: UInt64

  package init(state: String, at: UInt64) {
    self.state = state
    self.at = at
  }
}
