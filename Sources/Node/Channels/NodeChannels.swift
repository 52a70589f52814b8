internal import ChainTypes
internal import JSON
internal import KeyValueStore
internal import Keys
internal import Logging
internal import PaymentChannels
internal import Primitives
internal import Speed

/// The payment channels of a node: the service, its books, and what it offers to callers.
struct NodeChannels: Sendable {
  private let service: ChannelService
  private let ledger: any LedgerClient
  private let key: PrivateKey
  private let store: LevelDBStore

  /// Opens the books of a key in a node's data directory.
  static func open(
    key: PrivateKey, in directory: DataDirectory, backend: NodeBackend,
    configuration: ChannelConfiguration, logger: Logger
  ) async throws -> NodeChannels {
    try directory.createChannels()
    let lease = try KeyLease(of: key.address, in: directory.channels)
    let store = try LevelDBStore(
      configuration: .channelBooks(at: directory.channels + "/" + key.address.hex))
    do {
      let ledger = ChainLedgerClient(backend: backend)
      let service = try await ChannelService.open(
        store: store, ledger: ledger, account: key, lease: lease,
        configuration: configuration, logger: logger)
      return NodeChannels(service: service, ledger: ledger, key: key, store: store)
    } catch {
      store.close()
      throw error
    }
  }

  /// Adds what callers can do with the channels.
  func register(
    in table: inout RPCMethodTable, _ events: inout RPCEvents, _ settings: NodeSettings
  ) {
    ChannelMethods(service: service, isReceivingOpen: settings.channelReceivingIsOpen)
      .register(in: &table)
    events.add("/events/channels") { [service] in
      let updates = service.updates()
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

  /// The account that owns them.
  var account: Address { key.address }

  /// A till over them for the node's torrents.
  func till(statement: Statement, logger: Logger) -> ChannelTill {
    ChannelTill(
      service: service, ledger: ledger, signers: [key], statement: statement, logger: logger)
  }

  /// Follows the chain until the task is cancelled.
  func run() async { await service.run() }

  /// Writes down what the books still owe, and closes them.
  func close(_ logger: Logger) async {
    do throws(ChannelError) {
      try await service.shutdown()
    } catch {
      logger.error("the channel books were not closed in order", metadata: ["cause": "\(error)"])
    }
    store.close()
  }
}
