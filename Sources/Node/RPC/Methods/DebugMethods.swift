internal import ChainTypes
internal import JSON
internal import Ledger
internal import Primitives

/// Blocks and transactions as their bytes: `debug_getRaw*`.
struct DebugMethods {
  let backend: NodeBackend

  func register(in table: inout RPCMethodTable) {
    table.readAside("debug_getRawHeader", parameters: 1, of: backend) { view, params in
      guard let header = try Self.height(view, params).flatMap({ try view.header($0) }) else {
        throw RPCError.server("header not found")
      }
      return Self.reply(header.encoded)
    }
    table.readAside("debug_getRawBlock", parameters: 1, of: backend) { view, params in
      guard let block = try Self.height(view, params).flatMap({ try view.block($0) }) else {
        throw RPCError.server("block not found")
      }
      return Self.reply(block.encoded)
    }
    table.readAside("debug_getRawReceipts", parameters: 1, of: backend) { view, params in
      guard let receipts = try Self.height(view, params).flatMap({ try view.receipts($0) }) else {
        throw RPCError.server("block not found")
      }
      var reply = ReplyWriter(capacity: receipts.count * 700)
      reply.array(receipts.lazy.map(\.receipt.encoded))
      return reply.result
    }
    table.readAside("debug_getRawTransaction", parameters: 1, of: backend) {
      [backend] view, params in
      try TransactionMethods.rawTransaction(try params.required(0, .hash), view, backend)
    }
  }

  private static func height(_ view: ChainView, _ params: RPCParams) throws -> UInt64? {
    _ = try params.required(0, .any)
    return try view.height(of: try params.block(0))
  }

  private static func reply(_ bytes: [UInt8]) -> RPCResult {
    var reply = ReplyWriter(capacity: bytes.count * 2 + 4)
    reply.value(bytes)
    return reply.result
  }
}
