internal import ChainTypes
internal import JSON
internal import Ledger
internal import Primitives

/// What waits: `txpool_*`.
struct PoolMethods {
  let backend: NodeBackend

  func register(in table: inout RPCMethodTable) {
    let pool = backend.pool
    table.add("txpool_status", parameters: 0) { _, _ in
      let status = pool.status
      return .value([
        "pending": .string(Hex.quantity(UInt64(status.pending))),
        "queued": .string(Hex.quantity(UInt64(status.queued))),
      ])
    }
    table.readAside("txpool_content", parameters: 0, of: backend) { _, _ in
      Self.reply(pool.content()) { reply, sender, signed in
        reply.transaction(signed, from: sender, at: nil)
      }
    }
    table.readAside("txpool_inspect", parameters: 0, of: backend) { _, _ in
      Self.reply(pool.content()) { reply, _, signed in
        reply.string(Self.summary(signed.transaction))
      }
    }
    table.readAside("txpool_contentFrom", parameters: 1, of: backend) { _, params in
      let sender = try params.required(0, .address)
      let content = pool.content(of: sender)
      var reply = ReplyWriter(capacity: 4_096)
      reply.object { reply in
        reply.key("pending")
        reply.byNonce(content.pending) { $0.transaction($1, from: sender, at: nil) }
        reply.key("queued")
        reply.byNonce(content.queued) { $0.transaction($1, from: sender, at: nil) }
      }
      return reply.result
    }
  }

  private static func reply(
    _ content: [Address: TransactionPool.Content],
    _ body: (inout ReplyWriter, Address, SignedTransaction) -> Void
  ) -> RPCResult {
    let senders = content.keys.sorted()
    var reply = ReplyWriter(capacity: 65_536)
    func write(
      _ reply: inout ReplyWriter, _ part: KeyPath<TransactionPool.Content, [SignedTransaction]>
    ) {
      reply.object { reply in
        for sender in senders {
          guard let transactions = content[sender]?[keyPath: part], !transactions.isEmpty else {
            continue
          }
          reply.key(sender.checksummed)
          reply.byNonce(transactions) { body(&$0, sender, $1) }
        }
      }
    }
    reply.object { reply in
      reply.key("pending")
      write(&reply, \.pending)
      reply.key("queued")
      write(&reply, \.queued)
    }
    return reply.result
  }

  private static func summary(_ transaction: Transaction) -> String {
    let receiver = transaction.to?.checksummed ?? "contract creation"
    return "\(receiver): \(transaction.value) wei + \(transaction.gasLimit) gas × "
      + "\(transaction.maxFeePerGas) wei"
  }
}

extension ReplyWriter {
  /// An object of transactions by nonce.
  fileprivate mutating func byNonce(
    _ transactions: [SignedTransaction], _ body: (inout ReplyWriter, SignedTransaction) -> Void
  ) {
    object { reply in
      for signed in transactions {
        reply.key(String(signed.transaction.nonce))
        body(&reply, signed)
      }
    }
  }
}
