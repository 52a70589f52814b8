internal import ChainTypes
internal import JSON
internal import Ledger
internal import Primitives

/// Blocks and their counts.
///
/// What does not exist is `null`.
struct BlockMethods {
  let backend: NodeBackend

  func register(in table: inout RPCMethodTable) {
    table.read("eth_blockNumber", parameters: 0, of: backend) { view, _ in
      .string(Hex.quantity(view.head.number))
    }
    table.readAside("eth_getBlockByNumber", parameters: 2, of: backend) { view, params in
      let full = try params.optional(1, .bool) ?? false
      return try Self.block(view, at: try view.height(of: try Self.number(params)), full: full)
    }
    table.readAside("eth_getBlockByHash", parameters: 2, of: backend) { view, params in
      let full = try params.optional(1, .bool) ?? false
      return try Self.block(
        view, at: try view.number(of: try params.required(0, .hash)), full: full)
    }
    table.readAside("eth_getBlockReceipts", parameters: 1, of: backend) { view, params in
      try Self.receipts(view, at: try view.height(of: try params.block(0)))
    }
    addCounts(to: &table)
  }

  private func addCounts(to table: inout RPCMethodTable) {
    table.readAside("eth_getBlockTransactionCountByNumber", parameters: 1, of: backend) {
      view, params in
      try Self.transactionCount(view, at: try view.height(of: try Self.number(params)))
    }
    table.readAside("eth_getBlockTransactionCountByHash", parameters: 1, of: backend) {
      view, params in
      try Self.transactionCount(view, at: try view.number(of: try params.required(0, .hash)))
    }
    // There are no uncles on this chain.
    table.read("eth_getUncleCountByBlockNumber", parameters: 1, of: backend) { view, params in
      try view.height(of: try Self.number(params)) == nil ? .null : .string("0x0")
    }
    table.read("eth_getUncleCountByBlockHash", parameters: 1, of: backend) { view, params in
      try view.number(of: try params.required(0, .hash)) == nil ? .null : .string("0x0")
    }
    table.read("eth_getUncleByBlockNumberAndIndex", parameters: 2, of: backend) { _, params in
      _ = try Self.number(params)
      _ = try params.required(1, .quantity64)
      return .null
    }
    table.read("eth_getUncleByBlockHashAndIndex", parameters: 2, of: backend) { _, params in
      _ = try params.required(0, .hash)
      _ = try params.required(1, .quantity64)
      return .null
    }
  }

  /// The block that a method by number is about: a hash is none.
  static func number(_ params: RPCParams) throws(RPCError) -> BlockParameter {
    let block = try params.block(0)
    if case .hash = block {
      throw .invalidArgument(0, .wrongType(expected: "a block number or tag"))
    }
    return block
  }

  private static func block(_ view: ChainView, at number: UInt64?, full: Bool) throws -> RPCResult {
    guard let number, let block = try view.block(number), let hash = try view.hash(number) else {
      return .null
    }
    let senders = full ? try view.receipts(number)?.map(\.sender) ?? [] : nil
    let perTransaction = full ? 700 : 70
    var reply = ReplyWriter(capacity: 2_048 + block.transactions.count * perTransaction)
    reply.block(block, hash: hash, senders: senders)
    return reply.result
  }

  private static func receipts(_ view: ChainView, at number: UInt64?) throws -> RPCResult {
    guard let number, let block = try view.block(number), let hash = try view.hash(number),
      let receipts = try view.receipts(number)
    else { return .null }
    var reply = ReplyWriter(capacity: 64 + receipts.count * 1_200)
    reply.array(zip(block.transactions, receipts).enumerated()) { reply, element in
      let (signed, stored) = element.element
      let place = TransactionPlace(header: block.header, hash: hash, index: element.offset)
      reply.receipt(stored, of: signed, at: place)
    }
    return reply.result
  }

  private static func transactionCount(_ view: ChainView, at number: UInt64?) throws -> RPCResult {
    guard let number, let transactions = try view.transactions(number) else { return .null }
    return .string(Hex.quantity(UInt64(transactions.count)))
  }
}
