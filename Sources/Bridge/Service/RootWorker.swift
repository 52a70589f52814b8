internal import ChainTypes
internal import Primitives

/// All that belongs to one root chain.
struct RootWorker: Sendable {
  let root: Sidechain.Root
  let chain: EthereumRootChain
  let port: ChainPort
  let follower: RootFollower
  let relay: RootRelay
  let outbox: OutboxMirror
  /// Brings checkpoints to the root chain; nil without a key.
  let sender: TransactionSender?

  var id: RootID { root.id }
}
