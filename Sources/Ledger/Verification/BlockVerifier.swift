internal import ChainTypes
internal import KeyValueStore
internal import Keys
internal import Primitives

/// Reads every block once, with its seal, receipts and what leads to them.
struct BlockVerifier {
  private let view: ChainView
  private let progress: (String) -> Void

  /// The tables that have a row for a block, read side by side.
  private struct Tables {
    var headers, seals, bodies, receipts, blooms: TableCursor

    var all: [(String, TableCursor)] {
      [
        ("header", headers), ("seal", seals), ("body", bodies), ("receipts", receipts),
        ("bloom", blooms),
      ]
    }
  }

  init(view: ChainView, progress: @escaping (String) -> Void) {
    self.view = view
    self.progress = progress
  }

  mutating func verify(_ report: inout ChainVerifier.Report) throws {
    let snapshot = view.snapshot
    var tables = Tables(
      headers: try TableCursor(Schema.headers, of: snapshot),
      seals: try TableCursor(Schema.seals, of: snapshot),
      bodies: try TableCursor(Schema.bodies, of: snapshot),
      receipts: try TableCursor(Schema.receipts, of: snapshot),
      blooms: try TableCursor(Schema.blooms, of: snapshot))
    var parent: BlockHeader?
    var parentHash = Hash256.zero
    for number in 0...view.head.number {
      let (header, hash, count) = try verify(
        number, &tables, parent: parent, parentHash: parentHash)
      report.transactionCount += count
      (parent, parentHash) = (header, hash)
      if number > 0, number % 10_000 == 0 { progress("\(number) blocks read") }
    }
    guard parentHash == view.headHash else {
      throw ChainVerifier.Failure(message: "the newest block is \(parentHash), not the head")
    }
    for (name, cursor) in tables.all where cursor.key != nil {
      throw ChainVerifier.Failure(message: "the \(name) row \(cursor.name) is of no block")
    }
    try verifyCount(Schema.numbers, "block hashes", UInt64(report.height) + 1)
    try verifyCount(Schema.transactions, "transactions", UInt64(report.transactionCount))
  }

  private func verify(
    _ number: UInt64, _ tables: inout Tables, parent: BlockHeader?, parentHash: Hash256
  ) throws -> (BlockHeader, Hash256, count: Int) {
    func failure(_ what: String) -> ChainVerifier.Failure {
      ChainVerifier.Failure(message: "block \(number): \(what)")
    }
    func row(_ cursor: inout TableCursor, _ name: String) throws -> [UInt8] {
      guard let row = try cursor.take(number) else {
        throw failure("its \(name) row is missing; next in that table is \(cursor.name)")
      }
      return row
    }
    let headerRow = try row(&tables.headers, "header")
    let hash = Keccak256.hash(headerRow)
    guard let header = try? BlockHeader(decoding: headerRow), header.number == number else {
      throw failure("its header is damaged")
    }
    if let cause = fault(in: header, parent: parent, parentHash: parentHash) {
      throw failure(cause)
    }
    let seal = try row(&tables.seals, "seal")
    if let cause = fault(inSeal: seal, of: header, hash) { throw failure(cause) }
    guard try view.snapshot.get(Schema.numbers.key(hash.bytes)) == Schema.bigEndian(number) else {
      throw failure("the index of hashes does not lead to it (\(hash))")
    }
    let body = try row(&tables.bodies, "body")
    guard let transactions = try? Block.decodeTransactions(body),
      Block.transactionsRoot(transactions) == header.transactionsRoot
    else { throw failure("its transactions do not give its transactions root") }
    let receiptsRow = try row(&tables.receipts, "receipts")
    guard let receipts = StoredReceipt.decode(receiptsRow),
      StoredReceipt.encode(receipts) == receiptsRow,
      Receipt.root(receipts.map(\.receipt)) == header.receiptsRoot
    else { throw failure("its receipts do not give its receipts root") }
    guard receipts.last?.receipt.cumulativeGasUsed ?? 0 == header.gasUsed,
      receipts.map(\.sender) == (try? SenderRecovery.senders(of: transactions))
    else { throw failure("its receipts are not of its transactions' senders and gas") }
    var bloom = Bloom.empty
    for stored in receipts { bloom.formUnion(stored.receipt.bloom) }
    let bloomRow = try tables.blooms.take(number)
    guard bloom == header.logsBloom, bloomRow == (bloom.isEmpty ? nil : bloom.bytes) else {
      throw failure("its bloom is not that of its logs")
    }
    for (index, transaction) in transactions.enumerated() {
      let location = Schema.bigEndian(number) + Schema.bigEndian(UInt64(index)).suffix(4)
      guard try view.snapshot.get(Schema.transactions.key(transaction.hash.bytes)) == location
      else { throw failure("the index of transactions does not lead to \(transaction.hash)") }
    }
    return (header, hash, transactions.count)
  }

  /// What in a header does not follow from the block before and the chain's rules.
  private func fault(
    in header: BlockHeader, parent: BlockHeader?, parentHash: Hash256
  ) -> String? {
    let genesis = view.genesis
    if header.parentHash != parentHash { return "its parent is not the block before" }
    if header.gasLimit != genesis.gasLimit { return "its gas limit is not the chain's" }
    guard let parent else {
      if header.timestamp != genesis.timestamp { return "its time is not genesis'" }
      return header.extraData == genesis.parametersHash.bytes
        ? nil : "its extra data is not the hash of genesis' rules"
    }
    if header.timestamp < parent.timestamp { return "its time is before its parent's" }
    let fee =
      parent.number == 0
      ? genesis.fees.initialBaseFee
      : genesis.fees.nextBaseFee(
        after: parent.baseFeePerGas, gasUsed: parent.gasUsed, gasLimit: parent.gasLimit)
    return header.baseFeePerGas == fee ? nil : "its base fee does not follow from its parent's"
  }

  private func fault(inSeal row: [UInt8], of header: BlockHeader, _ hash: Hash256) -> String? {
    guard row.starts(with: hash.bytes) else { return "its seal row names another hash" }
    let bytes = row.dropFirst(32)
    if header.number == 0 { return bytes.isEmpty ? nil : "genesis has a seal" }
    let signer = (try? Signature(bytes: bytes)).flatMap { signature in
      try? BlockSeal(signature: signature).recoverSigner(
        chainID: view.genesis.chainID, height: header.number, blockHash: hash)
    }
    return signer.map(view.genesis.makesBlocks) == true ? nil : "its seal is by no block maker"
  }

  private func verifyCount(_ table: KeySpace, _ name: String, _ expected: UInt64) throws {
    var cursor = try TableCursor(table, of: view.snapshot)
    var count: UInt64 = 0
    while cursor.key != nil {
      count += 1
      try cursor.advance()
    }
    guard count == expected else {
      throw ChainVerifier.Failure(
        message: "the index of \(name) has \(count) rows, the blocks have \(expected)")
    }
  }
}
