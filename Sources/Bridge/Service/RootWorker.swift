internal import ChainTypes
internal import Primitives

/// All that belongs to one root chain.
struct RootWorker: Sendable {
  let root: Sidechain.Root
  let chain: EthereumRootChain
  /// The same for callers: how endpoints fare there changes nothing for those who follow.
  let callersChain: EthereumRootChain
  let callersPort: ChainPort
  let follower: RootFollower
  let relay: RootRelay
  let outbox: OutboxMirror
  /// Brings checkpoints to the root chain; nil without a key.
  let sender: TransactionSender?

  var id: RootID { root.id }
}
