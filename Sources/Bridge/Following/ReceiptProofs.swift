package import ChainTypes
package import Primitives

/// The receipts of one block, which its header covers, and the proofs that can be made of them.
package struct ReceiptProofs: Sendable {
  /// A message, and where it lies in a block.
  package struct Place: Hashable, Sendable {
    package var message: StateSynced
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

  /// The messages that a state sender logged, in their order; also those in receipts so large that
  /// nothing can be proven of them, as their numbers are used up too.
  package func messages(from stateSender: Address) -> [Place] {
    var places: [Place] = []
    for (index, bytes) in receipts.enumerated() {
      guard let receipt = try? RootReceipt(decoding: bytes, maximumSize: bytes.count) else {
        continue
      }
      for (place, log) in receipt.logs.enumerated() where log.address == stateSender {
        guard let message = StateSynced(log) else { continue }
        places.append(Place(message: message, transactionIndex: index, logIndex: place))
      }
    }
    return places
  }

  /// The proof of a message; nil where no transaction could carry it.
  package func proof(of place: Place, root: RootID) -> DepositProof? {
    let proof = proofs.proof(
      root: root, transactionIndex: place.transactionIndex, logIndex: place.logIndex)
    guard let proof, proof.isSubmittable else { return nil }
    return proof
  }
}
