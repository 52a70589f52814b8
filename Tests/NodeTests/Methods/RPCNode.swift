internal import ChainTypes
internal import JSON
internal import Keys
internal import Ledger
internal import Logging
internal import Node
internal import Primitives
internal import Synchronization
internal import TestSupport

/// A node without sockets: a chain in memory, a pool, and all methods.
struct RPCNode: Sendable {
  /// A time that only tests move.
  final class Time: Sendable {
    private let state = Mutex(Duration.zero)
    var now: Duration { state.withLock { $0 } }
    func advance(by duration: Duration) { state.withLock { $0 += duration } }
  }

  static let keys = TestChain.keys
  static let btt = Address(0x1010)

  let test: TestChain
  let pool: TransactionPool
  let time = Time()
  let table: RPCMethodTable
  let processor: JSONRPCProcessor

  init(
    history: UInt64? = nil, genesis: Genesis = TestChain.genesis(),
    control: (any DevControl)? = nil, _ adjust: (inout NodeBackend) -> Void = { _ in }
  ) throws {
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    test = try TestChain(genesis: genesis, configuration: .init(history: history))
    pool = try TransactionPool(view: test.chain.view, clock: { 1_000 }, logger: logger)
    var backend = NodeBackend(chain: test.chain, pool: pool, role: .devnet)
    backend.uptime = { [time] in time.now }
    backend.clientVersion = "btt/test"
    adjust(&backend)
    var table = NodeMethods.table(for: backend)
    if let control {
      DevMethods(backend: backend, control: control, isOpen: true).register(in: &table)
    }
    self.table = table
    processor = JSONRPCProcessor(methods: table, logger: logger)
  }

  /// Makes a call as it comes over the wire.
  ///
  /// - Throws: `RPCError` as the reply has it.
  func call(
    _ method: String, _ params: JSONValue..., peer: String = "test"
  ) async throws -> JSONValue {
    let request: JSONValue = [
      "jsonrpc": "2.0", "id": 1, "method": .string(method), "params": .array(params),
    ]
    let bytes = await processor.process(request.serialized, context: .init(peer: peer)) ?? []
    let reply = try JSONValue.parse(bytes)
    if let error = reply["error"].flatMap({ RPCError(json: $0) }) { throw error }
    return reply["result"] ?? "no result"
  }

  /// The error that a call gets, or nil when it gets none.
  func error(_ method: String, _ params: JSONValue...) async -> RPCError? {
    let request: JSONValue = [
      "jsonrpc": "2.0", "id": 1, "method": .string(method), "params": .array(params),
    ]
    let bytes = await processor.process(request.serialized, context: .init()) ?? []
    return (try? JSONValue.parse(bytes))?["error"].flatMap { RPCError(json: $0) }
  }

  /// Sends a transaction and gives its hash.
  @discardableResult
  func send(_ signed: SignedTransaction) async throws -> JSONValue {
    try await call("eth_sendRawTransaction", .string(Hex.encode(signed.encoded)))
  }

  /// Makes a block out of the pool.
  @discardableResult
  func mine(timestamp: UInt64 = 2_000) throws -> PreparedBlock {
    var source = pool.source(baseFee: test.chain.view.nextBaseFee)
    let prepared = try test.chain.build(
      BlockAttributes(timestamp: timestamp, feeRecipient: Address(0xfee)), from: &source)
    let view = try test.chain.commit(prepared, seal: try test.seal(prepared))
    pool.headChanged(to: view, included: prepared.block.transactions, refused: source.refused)
    return prepared
  }

  /// A transfer of BTT through its module, which leaves a log.
  static func tokenTransfer(
    from key: PrivateKey, nonce: UInt64, to: Address, value: UInt256 = 5
  ) throws -> SignedTransaction {
    let data = try ABIFunction("transfer(address,uint256)", returns: "bool").encodeCall([
      .address(to), .uint(value),
    ])
    return try TestChain.transfer(
      from: key, nonce: nonce, to: btt, value: 0, gasLimit: 100_000, data: data)
  }
}

extension JSONValue {
  /// The names of an object's members in order.
  var keys: [String] { objectValue?.members.map(\.key) ?? [] }
}

extension Address {
  /// The address as replies have it.
  var json: JSONValue { .string(hex) }
}

extension Hash256 {
  /// The hash as replies have it.
  var json: JSONValue { .string(hex) }
}
