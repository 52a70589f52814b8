package import ChainTypes
package import Primitives

/// The receipts of one block, which its header covers, and the proofs that can be made of them.
package struct ReceiptProofs: Sendable {
  /// Where a message lies in a block.
  package struct Place: Hashable, Sendable {
    package var id: UInt64
    package var transactionIndex: Int
    /// Which of the receipt's own logs it is.
    package var logIndex: Int
  }

  private let proofs: RootBlockProofs
  private let receipts: [[UInt8]]

  /// The receipts; refused unless they have the header's root.
  package init(header: RootHeader, receipts: [[UInt8]]) throws(RootChainError) {
    guard let proofs = RootBlockProofs(header: header, receipts: receipts) else {
      throw .unproven("the receipts of block \(header.number) do not have its receipts root")
    }
    self.proofs = proofs
    self.receipts = receipts
  }

  /// The messages that a state sender logged, in their order.
  package func messages(from stateSender: Address) -> [Place] {
    var places: [Place] = []
    for (index, bytes) in receipts.enumerated() {
      guard let receipt = try? RootReceipt(decoding: bytes) else { continue }
      for (place, log) in receipt.logs.enumerated() where log.address == stateSender {
        guard let message = StateSynced(log) else { continue }
        places.append(Place(id: message.id, transactionIndex: index, logIndex: place))
      }
    }
    return places
  }

  /// The proof of a message; nil where the block has no such receipt.
  package func proof(of place: Place, root: RootID) -> DepositProof? {
    proofs.proof(
      root: root, transactionIndex: place.transactionIndex, logIndex: place.logIndex)
  }
}
