internal import BitTorrent
internal import ChainTypes
internal import Consensus
internal import Foundation
internal import JSON
internal import KeyValueStore
public import Keys
public import Ledger
public import LedgerRPC
public import Logging
internal import Primitives
internal import ServiceLifecycle
internal import Synchronization
public import UnixSignals

/// A running node: chain, pool, block maker or follower, and the JSON-RPC server.
///
///     let node = try LedgerNode(directory: directory, settings: settings, role: .validator(key), …)
///     try await node.run { port in print("listening on \(port)") }
public final class LedgerNode: Sendable {
  /// What the node does for its chain.
  public enum Role: Sendable {
    /// It makes blocks with this key.
    case validator(PrivateKey)
    /// It executes the blocks of the node at this address.
    case follower(JSONRPCClient)
    /// It makes blocks for one developer, whose verbs are open to all who reach the server.
    case devnet(PrivateKey)
  }

  /// The chain.
  public let chain: Chain
  /// The transactions that wait.
  public let pool: TransactionPool
  private let settings: NodeSettings
  private let role: Role
  private let channelKey: PrivateKey?
  private let bridgeKeys: BridgeKeys
  private let directory: DataDirectory
  private let logger: Logger
  private let clock: NodeClock
  private let followed = Mutex<UInt64?>(nil)

  /// The version that `web3_clientVersion` and `btt --version` tell.
  public static let version = "0.1.0"

  /// Opens a node's chain and pool.
  ///
  /// - Parameters:
  ///   - directory: the data directory; it must hold a chain.
  ///   - settings: what the owner set.
  ///   - role: what it does.
  ///   - channelKey: the key whose payment channels it runs; nil for none.
  ///   - bridgeKeys: the keys of its bridge; without a validator's, its own as block maker signs.
  ///   - logger: where it tells of itself.
  /// - Throws: `NodeError`, `StoreError`, `LedgerError`.
  public init(
    directory: DataDirectory, settings: NodeSettings, role: Role, channelKey: PrivateKey? = nil,
    bridgeKeys: BridgeKeys = BridgeKeys(), logger: Logger
  ) throws {
    try Self.check(settings)
    self.directory = directory
    self.settings = settings
    self.role = role
    self.channelKey = channelKey
    self.bridgeKeys = bridgeKeys
    self.logger = logger
    let store = try directory.openStore(createIfMissing: false)
    do {
      chain = try Chain(
        store: store, configuration: .init(history: settings.history), logger: logger)
      let clock = NodeClock()
      self.clock = clock
      var pool = TransactionPool.Configuration()
      pool.globalSlots = settings.poolSlots
      pool.pendingPerSender = settings.poolSenderSlots
      pool.journalPath = directory.poolJournal
      self.pool = try TransactionPool(
        configuration: pool, view: chain.view, clock: { clock.now() }, logger: logger)
    } catch {
      store.close()
      throw error
    }
  }

  private static func check(_ settings: NodeSettings) throws(NodeError) {
    let isLoopback =
      settings.rpc.host == "localhost" || settings.rpc.host == "::1"
      || (settings.rpc.host.hasPrefix("127.") && HTTPGate.isIPAddress(settings.rpc.host))
    guard isLoopback || settings.rpcNeedsToken else {
      throw NodeError(
        .configuration,
        "rpc.host is \(settings.rpc.host), which others can reach, and anybody could use the node: "
          + "set rpc.auth to all, so that every request needs the token in admin.token, or listen "
          + "on 127.0.0.1 behind a proxy of your own")
    }
  }

  /// Runs until the task is cancelled, a signal asks it to stop, or a part can't go on safely.
  ///
  /// - Parameters:
  ///   - signals: the signals that end the node in order.
  ///   - onStart: told the port once requests are answered.
  /// - Throws: the error of the part that could not go on.
  public func run(
    signals: [UnixSignal] = [.sigint, .sigterm], onStart: @escaping @Sendable (Int) -> Void
  ) async throws {
    defer {
      pool.close()
      chain.close()
    }
    var services: [any Service] = []
    var backend = NodeBackend(chain: chain, pool: pool, role: .validator)
    backend.clientVersion = "btt/v\(Self.version)/linux-swift"
    backend.limits.maximumLogRange = settings.logRange
    backend.limits.maximumLogs = settings.logResults
    var development: DevelopmentControl?
    switch role {
    case .validator(let key):
      let solo = try producer(key)
      backend.feeRecipient = settings.feeRecipient ?? key.address
      services.append(Part(name: "validator") { try await solo.run() })
    case .devnet(let key):
      let solo = try producer(key)
      backend.role = .devnet
      backend.feeRecipient = settings.feeRecipient ?? key.address
      development = DevelopmentControl(producer: solo, chain: chain, clock: clock)
      services.append(Part(name: "validator") { try await solo.run() })
    case .follower(let client):
      backend.role = .follower
      backend.submission = .forward { transaction in
        do {
          _ = try await client.call(
            "eth_sendRawTransaction", [.string(Hex.encode(transaction.encoded))])
        } catch let error as JSONRPCClientError {
          if case .rpc(let cause) = error { throw cause }
          throw RPCError.server(
            "the node that makes blocks cannot be reached: nothing was sent; try again later")
        }
      }
      backend.syncTarget = { [self] in
        followed.withLock { $0 }.flatMap { $0 > chain.view.head.number ? $0 : nil }
      }
      backend.peerCount = { 1 }
      services += followerParts(client)
    }
    var table = NodeMethods.table(for: backend)
    if let development {
      DevMethods(backend: backend, control: development, isOpen: true).register(in: &table)
    }
    var events = RPCEvents()
    let channels = try await openChannels(backend)
    if let channels {
      channels.register(in: &table, &events, settings)
      services.append(Part(name: "channels") { await channels.run() })
    }
    let market: NodeMarket?
    let torrents: NodeTorrents?
    do {
      market = try await openMarket(channels)
      torrents = try await openTorrents(market)
    } catch {
      await channels?.close(logger)
      throw error
    }
    torrents?.register(in: &table, &events)
    let bridge: NodeBridge?
    do {
      bridge = try await openBridge(table)
    } catch {
      await torrents?.stop()
      await market?.close()
      await channels?.close(logger)
      throw error
    }
    if let bridge {
      bridge.register(in: &table, &events)
      services.append(Part(name: "bridge") { await bridge.run() })
    }
    if let market { services.append(Part(name: "market") { await market.run() }) }
    if settings.rpcNeedsToken { table.restrictAll() }
    var rpc = settings.rpc
    rpc.adminToken = try directory.adminToken()
    services.append(
      RPCServer(
        configuration: rpc,
        processor: JSONRPCProcessor(methods: table, limits: settings.requests, logger: logger),
        logger: logger, events: events, health: { [self] in health() },
        metrics: { market?.metrics ?? "" }, onStart: onStart))
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: services.map {
          .init(
            service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
            failureTerminationBehavior: .gracefullyShutdownGroup)
        },
        gracefulShutdownSignals: signals, logger: logger))
    do {
      try await group.run()
    } catch {
      await bridge?.close()
      await torrents?.stop()
      await market?.close()
      await channels?.close(logger)
      throw error
    }
    await bridge?.close()
    await torrents?.stop()
    await market?.close()
    await channels?.close(logger)
  }

  /// Whether the chain's blocks come by the clock; of one that is followed it is taken for granted.
  private var hasClock: Bool {
    if case .follower = role { return true }
    if case .every = settings.pace { return true }
    return false
  }

  private func openBridge(_ methods: RPCMethodTable) async throws -> NodeBridge? {
    guard settings.bridge.isEnabled else { return nil }
    guard chain.genesis.bridge != nil else {
      throw NodeError(
        .configuration,
        "this chain's genesis names no root chains: leave bridge.eth_rpc and bridge.bsc_rpc empty")
    }
    var keys = bridgeKeys
    switch role {
    case .validator(let key), .devnet(let key): keys.validator = keys.validator ?? key
    case .follower: break
    }
    return try await NodeBridge.open(
      settings.bridge, keys: keys, in: directory, methods: methods, logger: logger)
  }

  private func openMarket(_ channels: NodeChannels?) async throws -> NodeMarket? {
    guard settings.torrents.isEnabled, let channels else { return nil }
    return try await NodeMarket(
      channels, settings.torrents, settings.channels, hasClock: hasClock, in: directory,
      logger: logger)
  }

  private func openTorrents(_ market: NodeMarket?) async throws -> NodeTorrents? {
    guard settings.torrents.isEnabled else { return nil }
    do {
      return try await .start(settings.torrents, in: directory, market: market, logger: logger)
    } catch let error as SessionError {
      throw NodeError(.configuration, "torrents: \(error.description)")
    }
  }

  private func openChannels(_ backend: NodeBackend) async throws -> NodeChannels? {
    guard let channelKey else { return nil }
    guard chain.genesis.channels != nil else {
      throw NodeError(
        .configuration, "this chain has no payment channels: leave channels.key_file empty")
    }
    return try await NodeChannels.open(
      key: channelKey, in: directory, backend: backend, configuration: settings.channels,
      logger: logger)
  }

  private func producer(_ key: PrivateKey) throws -> SoloConsensus {
    try SoloConsensus(
      chain: chain, pool: pool, key: key,
      signGuard: try DoubleSignGuard(path: settings.guardFile ?? directory.guardFile),
      configuration: .init(pace: settings.pace, feeRecipient: settings.feeRecipient),
      clock: { [clock] in clock.now() }, logger: logger)
  }

  private func followerParts(_ client: JSONRPCClient) -> [any Service] {
    let source = RPCBlockSource(client: client)
    var configuration = Follower.Configuration()
    configuration.pollInterval = settings.followInterval
    let follower = Follower(
      chain: chain, source: source, configuration: configuration,
      clock: { [clock] in clock.now() }, logger: logger
    ) { [pool] view, included in
      pool.headChanged(to: view, included: included)
    }
    return [
      Part(name: "follower") { [self] in
        try await checkSameChain(source)
        try await follower.run()
      },
      Part(name: "follower height") { [self] in
        while !Task.isCancelled {
          if let height = try? await source.newestHeight() {
            followed.withLock { $0 = height }
          }
          try? await Task.sleep(for: .seconds(1))
        }
      },
    ]
  }

  /// Refuses to follow another chain: waiting for blocks that can never fit helps nobody.
  private func checkSameChain(_ source: RPCBlockSource) async throws {
    while !Task.isCancelled {
      do {
        let identity = try await source.identity()
        guard identity.genesis == chain.genesisHash else {
          throw NodeError(
            .endpoint,
            "the node to follow is of another chain (genesis \(identity.genesis), chain id "
              + "\(identity.chainID)) than this data directory (genesis \(chain.genesisHash), "
              + "chain id \(chain.genesis.chainID)): give the right --follow, or a data directory "
              + "made from its genesis file")
        }
        return
      } catch let error as NodeError {
        throw error
      } catch {
        logger.warning("cannot reach the node to follow", metadata: ["cause": "\(error)"])
        try? await Task.sleep(for: .seconds(1))
      }
    }
  }

  private func health() -> RPCHealth {
    var health = RPCHealth()
    let head = chain.view.head
    switch role {
    case .follower:
      guard let target = followed.withLock({ $0 }) else {
        health.notReady.append("the followed node has not answered yet")
        break
      }
      if target > head.number + 5 {
        health.notReady.append("\(target - head.number) blocks behind the followed node")
      }
    case .validator:
      if case .every(let interval) = settings.pace {
        let age = clock.now() > head.timestamp ? clock.now() - head.timestamp : 0
        if head.number > 0, age > UInt64(interval.components.seconds) * 5 + 10 {
          health.notReady.append("no block for \(age) s")
        }
      }
    case .devnet: break
    }
    return health
  }
}

/// One part of a node that runs until it is told to stop.
private struct Part: Service {
  let name: String
  let body: @Sendable () async throws -> Void

  init(name: String, _ body: @escaping @Sendable () async throws -> Void) {
    self.name = name
    self.body = body
  }

  func run() async throws {
    try await cancelWhenGracefulShutdown { try await body() }
  }
}
