internal import BitTorrent
internal import JSON
internal import Logging
internal import TrackerHTTP

/// The torrents of a node: a session, and what it offers to callers.
struct NodeTorrents: Sendable {
  private let session: TorrentSession
  private let folders: TorrentFolders
  private let market: NodeMarket?

  /// Starts the session with the torrents of the last one.
  static func start(
    _ settings: TorrentSettings, in directory: DataDirectory, market: NodeMarket?, logger: Logger
  ) async throws -> NodeTorrents {
    let folders = try TorrentFolders(
      standard: settings.directory ?? directory.downloads, roots: settings.roots)
    try directory.createTorrents()
    var http = HTTPTrackerTransport.Configuration()
    if !settings.listen.isUnspecified { http.sources = [settings.listen] }
    var configuration = settings.session(stateDirectory: directory.torrents)
    configuration.strategies = market?.strategies
    let session = try await TorrentSession.start(
      configuration, http: HTTPTrackerTransport(http), logger: logger)
    return NodeTorrents(session: session, folders: folders, market: market)
  }

  /// Adds what callers can do with the torrents.
  func register(in table: inout RPCMethodTable, _ events: inout RPCEvents) {
    TorrentMethods(session: session, folders: folders, market: market).register(in: &table)
    events.add("/events/torrents") { [session] in
      // The server lets go of who does not read; this bounds what waits until then.
      let alerts = session.alerts(bufferLimit: 4_096)
      return AsyncStream(bufferingPolicy: .bufferingNewest(4_096)) { continuation in
        let task = Task {
          for await alert in alerts {
            continuation.yield(RPCEvent(name: alert.kind.name, data: alert.json.serialized))
          }
          continuation.finish()
        }
        continuation.onTermination = { _ in task.cancel() }
      }
    }
  }

  /// Where peers are listened for.
  var address: PeerAddress { session.address }

  /// Ends the session; its torrents go on in the next one.
  func stop() async { await session.stop() }
}
