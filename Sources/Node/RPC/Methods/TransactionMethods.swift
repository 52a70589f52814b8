internal import ChainTypes
internal import JSON
internal import Keys
internal import Ledger
internal import Primitives

/// Sending transactions, and what became of them.
struct TransactionMethods {
  let backend: NodeBackend

  func register(in table: inout RPCMethodTable) {
    addSending(to: &table)
    addByPlace(to: &table)
    let pool = backend.pool
    table.readAside("eth_getTransactionByHash", parameters: 1, of: backend) { view, params in
      let hash = try params.required(0, .hash)
      if let location = try view.location(of: hash) { return try Self.transaction(view, location) }
      guard let waiting = pool.transaction(hash) else { return .null }
      var reply = ReplyWriter()
      reply.transaction(waiting.signed, from: waiting.sender, at: nil)
      return reply.result
    }
    table.readAside("eth_getRawTransactionByHash", parameters: 1, of: backend) { view, params in
      try Self.rawTransaction(try params.required(0, .hash), view, pool)
    }
    table.readAside("eth_getTransactionReceipt", parameters: 1, of: backend) { view, params in
      try Self.receipt(view, of: try params.required(0, .hash)) ?? .null
    }
  }

  private func addByPlace(to table: inout RPCMethodTable) {
    func add(
      _ suffix: String,
      _ height: @escaping @Sendable (ChainView, RPCParams) throws -> UInt64?
    ) {
      table.readAside("eth_getTransactionBy\(suffix)", parameters: 2, of: backend) { view, params in
        guard let location = try Self.location(params, at: try height(view, params)) else {
          return .null
        }
        return try Self.transaction(view, location)
      }
      table.readAside("eth_getRawTransactionBy\(suffix)", parameters: 2, of: backend) {
        view, params in
        guard let location = try Self.location(params, at: try height(view, params)),
          let signed = try view.transaction(at: location)
        else { return .null }
        return .string(Hex.encode(signed.encoded))
      }
    }
    add("BlockNumberAndIndex") { view, params in
      try view.height(of: try BlockMethods.number(params))
    }
    add("BlockHashAndIndex") { view, params in
      try view.number(of: try params.required(0, .hash))
    }
  }

  private static func location(
    _ params: RPCParams, at height: UInt64?
  ) throws -> TransactionLocation? {
    let index = try params.required(1, .quantity64)
    // No block holds 2^32 transactions.
    guard let height, let index = UInt32(exactly: index) else { return nil }
    return TransactionLocation(blockNumber: height, index: Int(index))
  }

  private static func transaction(
    _ view: ChainView, _ location: TransactionLocation
  ) throws -> RPCResult {
    guard let signed = try view.transaction(at: location),
      let header = try view.header(location.blockNumber),
      let hash = try view.hash(location.blockNumber)
    else { return .null }
    var reply = ReplyWriter(capacity: 1_024 + signed.encoded.count * 2)
    reply.transaction(
      signed, from: try signed.recoverSender(),
      at: TransactionPlace(header: header, hash: hash, index: location.index))
    return reply.result
  }

  static func rawTransaction(
    _ hash: Hash256, _ view: ChainView, _ pool: TransactionPool
  ) throws -> RPCResult {
    let signed =
      try view.location(of: hash).flatMap { try view.transaction(at: $0) }
      ?? pool.transaction(hash)?.signed
    return signed.map { .string(Hex.encode($0.encoded)) } ?? .null
  }

  /// The receipt of a transaction in a block, or nil when it is in none.
  static func receipt(_ view: ChainView, of hash: Hash256) throws -> RPCResult? {
    guard let location = try view.location(of: hash),
      let signed = try view.transaction(at: location),
      let receipts = try view.receipts(location.blockNumber),
      receipts.indices.contains(location.index),
      let header = try view.header(location.blockNumber),
      let blockHash = try view.hash(location.blockNumber)
    else { return nil }
    let stored = receipts[location.index]
    var reply = ReplyWriter(capacity: 2_048)
    reply.receipt(
      stored, of: signed,
      at: TransactionPlace(header: header, hash: blockHash, index: location.index))
    return reply.result
  }

  // MARK: Sending

  private func addSending(to table: inout RPCMethodTable) {
    let backend = backend
    switch backend.submission {
    case .pool:
      table.add("eth_sendRawTransaction", parameters: 1) { _, params in
        try RPCError.wrapping { .string(try Self.submit(params, to: backend).hash.hex) }
      }
    case .forward(let forward):
      table.addAsynchronous("eth_sendRawTransaction", parameters: 1) { _, params in
        let signed = try Self.decode(params)
        try await RPCError.wrapping { try await forward(signed) }
        return .string(signed.hash.hex)
      }
    }
    table.addAsynchronous("eth_sendRawTransactionSync", parameters: 2) { _, params in
      let wait = try Self.wait(params, limits: backend.limits)
      let signed: SignedTransaction
      switch backend.submission {
      case .pool: signed = try RPCError.wrapping { try Self.submit(params, to: backend) }
      case .forward(let forward):
        signed = try Self.decode(params)
        try await RPCError.wrapping { try await forward(signed) }
      }
      return try await ReceiptWait(backend: backend, hash: signed.hash).run(for: wait)
    }
  }

  private static func decode(_ params: RPCParams) throws -> SignedTransaction {
    let bytes = try params.required(0, .data)
    return try RPCError.wrapping { try SignedTransaction(decoding: bytes) }
  }

  private static func submit(
    _ params: RPCParams, to backend: NodeBackend
  ) throws -> SignedTransaction {
    let signed = try decode(params)
    try submit(signed, to: backend)
    return signed
  }

  /// Hands a transaction to the pool of this node.
  static func submit(_ signed: SignedTransaction, to backend: NodeBackend) throws {
    let recovered: RecoveredTransaction
    do { recovered = try RecoveredTransaction(recovering: signed) } catch {
      throw RPCError.server("invalid sender: the signature fits no key")
    }
    let (chain, pool) = (backend.chain, backend.pool)
    let seen = chain.view
    do throws(PoolError) {
      _ = try pool.add(recovered, isLocal: true)
    } catch {
      // A block becomes visible a moment before the pool has followed it: whoever read the newest
      // balance or nonce there is not to be told that it is not so.
      guard pool.headNumber < seen.head.number else { throw error }
      pool.headChanged(to: seen)
      _ = try pool.add(recovered, isLocal: true)
    }
  }

  private static func wait(
    _ params: RPCParams, limits: RPCMethodLimits
  ) throws(RPCError) -> Duration {
    guard let value = try params.optional(1, .any) else { return limits.defaultReceiptWait }
    let milliseconds: UInt64
    if let number = value.uint64Value {
      milliseconds = number
    } else {
      do throws(RPCValueError) {
        milliseconds = try RPCValueDecoder<UInt64>.quantity64.decode(value)
      } catch {
        throw .invalidArgument(1, error)
      }
    }
    guard milliseconds > 0, let wait = Int64(exactly: milliseconds) else {
      return milliseconds == 0 ? limits.defaultReceiptWait : limits.maximumReceiptWait
    }
    return min(.milliseconds(wait), limits.maximumReceiptWait)
  }
}
