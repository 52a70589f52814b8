internal import ChainTypes
internal import JSON
internal import Ledger
internal import Primitives

/// What only this chain has: sealed blocks for followers, and what the node is.
struct BTTMethods {
  let backend: NodeBackend

  func register(in table: inout RPCMethodTable) {
    let backend = backend
    let limits = backend.limits
    table.readAside("btt_getSealedBlock", parameters: 1, of: backend) { view, params in
      guard let height = try view.height(of: try params.block(0)),
        let sealed = try view.sealedBlock(height)
      else { return .null }
      let bytes = sealed.encoded
      var reply = ReplyWriter(capacity: bytes.count * 2 + 4)
      reply.value(bytes)
      return reply.result
    }
    table.readAside("btt_getSealedBlocks", parameters: 2, of: backend) { view, params in
      let first = try params.required(0, .quantity64)
      let count = try params.optional(1, .quantity64) ?? limits.maximumSealedBlocks
      var reply = ReplyWriter(capacity: 65_536)
      // Fewer than asked for are an answer too: the caller asks on from there.
      let end = first.addingReportingOverflow(min(count, limits.maximumSealedBlocks))
      let numbers = first..<(end.overflow ? .max : end.partialValue)
      var byteCount = 0
      var isFull = false
      try reply.array(numbers) { reply, number in
        guard !isFull, number > 0, number <= view.head.number else { return }
        try Task.checkCancellation()
        guard let bytes = try view.sealedBlock(number)?.encoded else { return }
        // The first is given whatever its size, or nobody would ever come past it.
        guard byteCount == 0 || byteCount + bytes.count <= limits.maximumSealedBytes else {
          isFull = true
          return
        }
        byteCount += bytes.count
        reply.value(bytes)
      }
      return reply.result
    }
    table.read("btt_nodeInfo", parameters: 0, of: backend) { view, _ in
      try Self.nodeInfo(backend, view)
    }
  }

  private static func nodeInfo(_ backend: NodeBackend, _ view: ChainView) throws -> RPCResult {
    let oldest = try view.oldestState()
    var reply = ReplyWriter()
    reply.object { reply in
      reply.member("clientVersion", backend.clientVersion)
      reply.member("role", backend.role.rawValue)
      reply.member("name", backend.chain.genesis.name)
      reply.member("chainId", backend.chain.genesis.chainID)
      reply.member("genesisHash", backend.chain.genesisHash)
      reply.key("head")
      reply.object { reply in
        reply.member("number", view.head.number)
        reply.member("hash", view.headHash)
        reply.member("stateRoot", view.head.stateRoot)
        reply.member("timestamp", view.head.timestamp)
      }
      reply.member("oldestState", oldest)
      reply.member("history", backend.chain.configuration.history)
      reply.member("syncTarget", backend.syncTarget())
    }
    return reply.result
  }
}
