internal import Bridge
internal import ChainTypes
internal import JSON
internal import KeyValueStore
public import Keys
internal import LedgerRPC
internal import Logging

/// The bridge of a node: the service, its tables, and what it offers to callers.
struct NodeBridge: Sendable {
  private let service: BridgeService
  private let store: LevelDBStore
  private let clients: [JSONRPCClient]

  /// Opens the bridge over the node's own methods.
  static func open(
    _ settings: BridgeSettings, keys: BridgeKeys, in directory: DataDirectory,
    methods: RPCMethodTable, logger: Logger
  ) async throws -> NodeBridge {
    var clients: [JSONRPCClient] = []
    var endpoints: [RootID: [any BridgeEndpoint]] = [:]
    try settings.check()
    for (id, root) in settings.roots {
      if root.urls.count == 1 {
        logger.warning(
          "the bridge believes a single endpoint: name several of different owners",
          metadata: ["root": "\(id)"])
      }
      for url in root.urls {
        let client: JSONRPCClient
        do throws(JSONRPCClientError) {
          client = try JSONRPCClient(HTTPBridgeEndpoint.configuration(url: url))
        } catch {
          throw NodeError(.configuration, "bridge.\(id)_rpc: \(error)")
        }
        clients.append(client)
        endpoints[id, default: []].append(HTTPBridgeEndpoint(client: client, url: url))
      }
    }
    try directory.createBridge()
    var tables = LevelDBStore.Configuration(path: directory.bridge)
    tables.writeBufferBytes = 4 << 20
    tables.blockCacheBytes = 4 << 20
    let store = try LevelDBStore(configuration: tables)
    do {
      let service = try await BridgeService.open(
        store: store, sidechain: LocalBridgeEndpoint(methods: methods), validator: keys.validator,
        relayer: keys.relayer, configuration: settings.configuration(endpoints),
        clock: SystemBridgeClock(), logger: logger)
      return NodeBridge(service: service, store: store, clients: clients)
    } catch {
      store.close()
      for client in clients { await client.shutdown() }
      if let error = error as? BridgeError { throw NodeError(.configuration, error.description) }
      throw error
    }
  }

  /// Adds what callers can do with the bridge.
  func register(in table: inout RPCMethodTable, _ events: inout RPCEvents) {
    BridgeMethods(service: service).register(in: &table)
    events.add("/events/bridge") { [service] in
      let updates = service.listen()
      return AsyncStream { continuation in
        let task = Task {
          for await update in updates {
            continuation.yield(
              RPCEvent(name: update.name, data: JSONValue.object(update.json).serialized))
          }
          continuation.finish()
        }
        continuation.onTermination = { _ in task.cancel() }
      }
    }
  }

  /// Works until the task is cancelled.
  func run() async { await service.run() }

  /// Closes the tables and the connections.
  func close() async {
    store.close()
    for client in clients { await client.shutdown() }
  }
}

/// The keys with which a node's bridge signs.
public struct BridgeKeys: Sendable {
  /// Attests and signs checkpoints; nil for none.
  public var validator: PrivateKey?
  /// Pays for proofs and checkpoints; nil where the validator's does.
  public var relayer: PrivateKey?

  /// No keys.
  public init() {}
}
