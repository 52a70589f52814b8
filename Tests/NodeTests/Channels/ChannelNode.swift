internal import ChainTypes
internal import JSON
internal import KeyValueStore
internal import Keys
internal import Ledger
internal import LedgerRPC
internal import Logging
internal import Node
internal import PaymentChannels
internal import Primitives
internal import TestSupport

/// A node of a chain with payment channels, and a payer whose vault is filled.
struct ChannelNode: Sendable {
  /// What a method's result is turned into.
  typealias Lie = @Sendable (JSONValue) -> JSONValue

  static let genesis = TestChain.genesis { genesis in
    genesis.modules[ChannelModule.address] = .channels
    genesis.channels = ChannelRules(
      graceSeconds: .init(2...604_800, standard: 60), graceBlocks: .init(1...100, standard: 2))
  }
  static let payer = TestChain.keys[0]
  static let payee = TestChain.keys[1]
  static let vault: UInt128 = 1 << 70
  static let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

  let node: RPCNode
  let domain = ChannelDomain(chainID: 1_337)

  /// The same without the vault, and without a block.
  init(_ node: RPCNode) { self.node = node }

  init() async throws {
    node = try RPCNode(genesis: Self.genesis)
    try await mine(.vaultDeposit, by: Self.payer, value: Self.vault)
  }

  /// Makes a block with a call of the module.
  @discardableResult
  func mine(
    _ call: ChannelCall, by key: PrivateKey, value: UInt128 = 0
  ) async throws -> SignedTransaction {
    let nonce = try node.test.chain.view.state.account(key.address)?.nonce ?? 0
    let signed = try SignedTransaction(
      signing: Transaction(
        chainID: 1_337, nonce: nonce, maxPriorityFeePerGas: 1_000,
        maxFeePerGas: 100_000_000_000, gasLimit: 1_000_000, to: ChannelModule.address,
        value: UInt256(value), data: try call.encoded()), with: key)
    try await node.send(signed)
    try node.mine()
    return signed
  }

  /// Opens a channel in a block of its own.
  func open(_ deposit: UInt128, openCount: UInt64 = 0) async throws -> ChannelDescriptor {
    let terms = ChannelTerms(
      payee: Self.payee.address, graceSeconds: 2, graceBlocks: 1, deposit: deposit)
    try await mine(.open([terms]), by: Self.payer)
    return terms.descriptor(payer: Self.payer.address, openCount: openCount, in: domain)
  }

  /// The backend of the node, for what stands on it.
  var backend: NodeBackend {
    NodeBackend(chain: node.test.chain, pool: node.pool, role: .devnet)
  }

  /// Serves the node's methods, with lies in place of some results, to a ledger client.
  func withLedger<Value: Sendable>(
    trust: LedgerTrust = .genesis(genesis), lies: [String: Lie] = [:],
    maximumHeadAge: Duration? = nil,
    _ body: @Sendable (RPCLedgerClient) async throws -> Value
  ) async throws -> Value {
    var table = node.table
    for (method, lie) in lies { Self.wrap(method, in: &table, lie) }
    var server = RPCServerConfiguration()
    server.port = 0
    let running = try await RPCServer(
      configuration: server, processor: JSONRPCProcessor(methods: table, logger: Self.logger),
      logger: Self.logger
    ).start()
    // The chain's blocks are of second 2 000.
    var configuration = RPCLedgerConfiguration { .seconds(2_100) }
    configuration.maximumHeadAge = maximumHeadAge
    configuration.pollInterval = .milliseconds(5)
    let result: Result<Value, any Error>
    do {
      result = .success(
        try await JSONRPCClient.withClient(.init(endpoint: "http://127.0.0.1:\(running.port)")) {
          try await body(
            RPCLedgerClient(client: $0, trust: trust, configuration: configuration))
        })
    } catch {
      result = .failure(error)
    }
    await running.stop()
    return try result.get()
  }

  private static func wrap(_ method: String, in table: inout RPCMethodTable, _ lie: @escaping Lie) {
    guard let honest = table[method] else { return }
    table.addAsynchronous(method, parameters: honest.maximumParameters) { context, params in
      let result: RPCResult
      switch honest.handler {
      case .immediate(let body): result = try body(context, params)
      case .asynchronous(let body): result = try await body(context, params)
      }
      switch result {
      case .value(let value): return .value(lie(value))
      case .raw(let bytes): return .value(lie(try JSONValue.parse(bytes)))
      }
    }
  }
}
