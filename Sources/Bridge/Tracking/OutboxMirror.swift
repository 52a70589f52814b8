package import ChainTypes
package import Primitives

/// The outbox of one root chain with all its leaves, read from the sidechain as it grows.
package actor OutboxMirror {
  private let root: RootID
  private let sidechain: Sidechain
  private var tree = OutboxTree()
  private var sidechainID: UInt64?

  package init(root: RootID, sidechain: Sidechain) {
    self.root = root
    self.sidechain = sidechain
  }

  /// The siblings that prove a withdrawal under the root over `count` leaves, which it checks.
  package func proof(
    of withdrawal: Withdrawal, under checkpoint: AcceptedCheckpoint
  ) async throws(RootChainError) -> [Hash256] {
    let sidechainID = try await grow(to: checkpoint.outboxCount)
    guard let proof = tree.proof(of: withdrawal.index, count: checkpoint.outboxCount),
      OutboxTree.verify(
        leaf: withdrawal.leaf(sidechainID: sidechainID, rootID: root.rawValue),
        index: withdrawal.index, count: checkpoint.outboxCount, siblings: proof,
        root: checkpoint.outboxRoot)
    else {
      throw .unproven(
        "withdrawal \(withdrawal.index) to \(root) is not under the root of checkpoint "
          + "\(checkpoint.id), which validators have signed")
    }
    return proof
  }

  private func grow(to count: UInt64) async throws(RootChainError) -> UInt64 {
    let chainID: UInt64
    if let sidechainID { chainID = sidechainID } else { chainID = try await sidechain.chainID() }
    sidechainID = chainID
    while tree.count < count {
      let first = tree.count
      let page = try await sidechain.withdrawals(
        root, from: first, count: WithdrawalModule.maximumPageCount)
      guard !page.isEmpty else { break }
      // Another caller may have grown the tree meanwhile.
      for withdrawal in page where withdrawal.index == tree.count {
        tree.append(withdrawal.leaf(sidechainID: chainID, rootID: root.rawValue))
      }
    }
    return chainID
  }
}
