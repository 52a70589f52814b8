public import ChainTypes
public import Primitives

/// A root chain's block with given logs, made without a root chain.
public struct RootBlockFixture: Sendable {
  /// The header in RLP.
  public let header: [UInt8]
  /// The receipts in their canonical bytes.
  public let receipts: [[UInt8]]
  /// The proofs of all receipts.
  public let proofs: RootBlockProofs

  /// A block of one transaction for each list of logs, of types 0, 1, 2, … in turn, with so many
  /// header fields.
  public init?(number: UInt64, logs: [[Log]], fieldCount: Int = 20, salt: UInt64 = 0) {
    receipts = logs.enumerated().map { index, logs in
      RootReceipt(
        type: UInt8(index % 5), outcome: .succeeded,
        cumulativeGasUsed: 21_000 * UInt64(index + 1), logs: logs
      ).encoded
    }
    let root = RootBlockProofs.root(of: receipts)
    header = Self.header(
      number: number, receiptsRoot: root, bloom: Bloom(logs.flatMap { $0 }),
      fieldCount: fieldCount, salt: salt)
    guard let decoded = try? RootHeader(decoding: header),
      let proofs = RootBlockProofs(header: decoded, receipts: receipts)
    else { return nil }
    self.proofs = proofs
  }

  /// The proof of a log, counted inside its receipt.
  public func proof(root: RootID = .eth, transaction: Int, log: Int) -> DepositProof? {
    proofs.proof(root: root, transactionIndex: transaction, logIndex: log)
  }

  /// A header in RLP with so many fields, of which those above fifteen are words.
  public static func header(
    number: UInt64, receiptsRoot: Hash256, bloom: Bloom = .empty, fieldCount: Int = 20,
    salt: UInt64 = 0
  ) -> [UInt8] {
    RLPEncoder.list { list in
      list.append(UInt256(salt).word)  // parent
      list.append(BlockHeader.emptyUnclesHash)
      list.append(Address(0xfee))
      list.append(Hash256.zero)
      list.append(Hash256.zero)
      list.append(receiptsRoot)
      list.append(bloom.bytes)
      list.append(0 as UInt64)
      list.append(number)
      list.append(30_000_000 as UInt64)
      list.append(15_000_000 as UInt64)
      list.append(1_700_000_000 + 12 * number)
      list.append(Array("fixture".utf8))
      list.append(Hash256.zero)
      list.append([UInt8](repeating: 0, count: 8))
      for index in 15..<max(fieldCount, 15) { list.append(UInt256(UInt64(index)).word) }
    }
  }
}
