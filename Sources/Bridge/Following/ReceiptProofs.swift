package import ChainTypes
package import Primitives
internal import Trie

/// The receipts of one block, which its header covers, and the proofs that can be made of them.
package struct ReceiptProofs: Sendable {
  /// Where a message lies in a block.
  package struct Place: Hashable, Sendable {
    package var id: UInt64
    package var transactionIndex: Int
    /// Which of the receipt's own logs it is.
    package var logIndex: Int
  }

  private let header: RootHeader
  private let receipts: [[UInt8]]
  private let proofs: [[[UInt8]]]

  /// The receipts; refused unless they have the header's root.
  package init(header: RootHeader, receipts: [[UInt8]]) throws(RootChainError) {
    self.header = header
    self.receipts = receipts
    let (root, proofs) = OrderedTrie.proofs(of: receipts)
    guard root == header.receiptsRoot else {
      throw .unproven("the receipts of block \(header.number) do not have its receipts root")
    }
    self.proofs = proofs
  }

  /// The root over the receipts of a block.
  package static func root(of receipts: [[UInt8]]) -> Hash256 { OrderedTrie.root(of: receipts) }

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

  /// The proof of a message.
  package func proof(of place: Place, root: RootID) -> DepositProof {
    let index = UInt64(place.transactionIndex)
    return DepositProof(
      rootID: root.rawValue, header: header.encoded, transactionIndex: index,
      nodes: proofs[place.transactionIndex], logIndex: UInt64(place.logIndex))
  }
}
