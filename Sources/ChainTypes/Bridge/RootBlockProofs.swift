public import Primitives
internal import Trie

/// The proofs of all receipts of a root chain's block, made at once.
public struct RootBlockProofs: Sendable {
  /// The block's header.
  public let header: RootHeader
  private let proofs: [[[UInt8]]]

  /// Makes the proofs of a block's receipts, in order and in their canonical bytes; nil when they do
  /// not give the header's receipts root, or one of them is empty.
  public init?(header: RootHeader, receipts: [[UInt8]]) {
    guard !receipts.contains(where: \.isEmpty) else { return nil }
    let (root, proofs) = OrderedTrie.proofs(of: receipts)
    guard root == header.receiptsRoot else { return nil }
    self.header = header
    self.proofs = proofs
  }

  /// The root over receipts in their canonical bytes, none of which may be empty.
  public static func root(of receipts: [[UInt8]]) -> Hash256 { OrderedTrie.root(of: receipts) }

  /// How many receipts there are.
  public var count: Int { proofs.count }

  /// The nodes that prove a receipt, from the root; nil when there is none.
  public func nodes(transactionIndex: Int) -> [[UInt8]]? {
    proofs.indices.contains(transactionIndex) ? proofs[transactionIndex] : nil
  }

  /// The proof of a log, counted inside its receipt; nil when there is no such receipt.
  public func proof(root: RootID, transactionIndex: Int, logIndex: Int) -> DepositProof? {
    guard let nodes = nodes(transactionIndex: transactionIndex), logIndex >= 0 else { return nil }
    return DepositProof(
      rootID: root.rawValue, header: header.encoded, transactionIndex: UInt64(transactionIndex),
      nodes: nodes, logIndex: UInt64(logIndex))
  }
}
