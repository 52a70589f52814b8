internal import KeyValueStore
internal import Logging
internal import Metainfo
internal import NIOCore

/// The sockets, the time and the memory of a session's part in the distributed hash tables.
///
/// It is confined to the session's event loop.
final class DHTService {
  /// At which port it takes datagrams: that of the session.
  let port: UInt16

  private let eventLoop: any EventLoop
  private let resume: ResumeStore?
  private let entryPoints: [TorrentAddress]
  private let areRouters: Bool
  private let logger: Logger
  private let found: (SHA1Hash, [PeerAddress]) -> Void
  private var table = DHT(families: [], at: .now())
  private var channels: [PeerAddress.Family: any Channel] = [:]
  private var ticks: RepeatedTask?
  private var tickCount = 0
  private var written: Set<PeerAddress.Family> = []

  private static let ticksBetweenSaves = 600
  private static let ticksBeforeRouters = 10
  private static let ticksBetweenRouters = 240
  private static let maximumNames = 16

  /// A service on the session's port.
  ///
  /// - Parameters:
  ///   - port: The port that the session listens on.
  ///   - eventLoop: The session's event loop.
  ///   - resume: Where the nodes are kept for the next run.
  ///   - entryPoints: Nodes to begin with.
  ///   - areRouters: Whether those are only asked where nobody else is known.
  ///   - logger: Where it says what happens.
  ///   - found: Hears of peers.
  init(
    port: UInt16, eventLoop: any EventLoop, resume: ResumeStore?, entryPoints: [TorrentAddress],
    areRouters: Bool, logger: Logger, found: @escaping (SHA1Hash, [PeerAddress]) -> Void
  ) {
    self.port = port
    self.eventLoop = eventLoop
    self.resume = resume
    self.entryPoints = entryPoints
    self.areRouters = areRouters
    self.logger = logger
    self.found = found
  }

  /// How many nodes are known.
  var nodeCount: Int { table.nodeCount }

  /// Opens the sockets and begins; where none can be opened it stays silent.
  func start(at addresses: [PeerAddress]) -> EventLoopFuture<Void> {
    let opening = addresses.map { address in
      DatagramSocket.open(
        address, on: eventLoop, receive: { [weak self] in self?.receive($0, from: $1) },
        batchEnded: { [weak self] in self?.flush() }
      ).assumeIsolated().map { self.channels[address.family] = $0 }
        .flatMapErrorThrowing { [logger] error in
          logger.warning(
            "no distributed hash table: another program has the port",
            metadata: ["address": "\(address)", "error": "\(error)"])
        }.nonisolated()
    }
    return EventLoopFuture.andAllComplete(opening, on: eventLoop).assumeIsolated()
      .map { self.begin() }.nonisolated()
  }

  private func begin() {
    guard !channels.isEmpty else { return }
    let families = [PeerAddress.Family.ipv4, .ipv6].filter { channels[$0] != nil }
    let state = (try? resume?.loadTable()).map { DHTState(decoding: $0) } ?? DHTState()
    table = DHT(families: families, state: state, at: .now())
    if !areRouters || state.nodes.values.allSatisfy(\.addresses.isEmpty) { resolve(entryPoints) }
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    ticks = eventLoop.scheduleRepeatedTask(
      initialDelay: .zero, delay: DHTNode.tickInterval
    ) { _ in bound.value.tick() }
  }

  /// Keeps what the next run should know, and closes the sockets.
  func stop() -> EventLoopFuture<Void> {
    ticks?.cancel()
    ticks = nil
    guard !channels.isEmpty else { return eventLoop.makeSucceededVoidFuture() }
    save()
    let closing = channels.values.map { $0.close() }
    channels = [:]
    return EventLoopFuture.andAllComplete(closing, on: eventLoop)
  }

  // MARK: - Torrents

  /// Announces a torrent, and looks for its peers.
  func add(_ infoHash: SHA1Hash, isSeed: Bool) {
    // The port that the datagram seems to come from is none at which TCP reaches us.
    table.add(infoHash, announcing: DHTAnnounce(port: port, isSeed: isSeed), at: .now())
    perform()
  }

  /// Says that all of the torrent is here.
  func isSeed(_ infoHash: SHA1Hash) { table.isSeed(infoHash) }

  /// Looks for a torrent's peers sooner.
  func wantPeers(_ infoHash: SHA1Hash) { table.wantPeers(infoHash, at: .now()) }

  /// Forgets a torrent.
  func remove(_ infoHash: SHA1Hash) { table.remove(infoHash) }

  /// Hears of a node.
  func heard(of address: PeerAddress) {
    table.heard(of: address, at: .now())
    perform()
  }

  /// Finds the addresses of nodes, and begins with them.
  func resolve(_ names: [TorrentAddress]) {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    for name in names.prefix(Self.maximumNames) {
      eventLoop.makeFutureWithTask {
        try await HostResolver.addresses(of: name.host, port: name.port)
      }.whenSuccess { addresses in
        let service = bound.value
        guard service.ticks != nil else { return }
        service.table.addEntryPoints(
          addresses, areRouters: service.areRouters && service.entryPoints.contains(name),
          at: .now())
        service.perform()
      }
    }
  }

  // MARK: - Time and datagrams

  private func tick() {
    tickCount += 1
    table.tick(at: .now())
    perform()
    if tickCount % Self.ticksBetweenSaves == 0 { save() }
    // The nodes of the last run are asked first; names may have no address while there is no
    // network.
    let isTime =
      tickCount == Self.ticksBeforeRouters || tickCount % Self.ticksBetweenRouters == 0
    if isTime, table.nodeCount == 0 { resolve(entryPoints) }
  }

  private func receive(_ datagram: [UInt8], from address: PeerAddress) {
    // Other protocols that come to share the port begin with other letters.
    guard datagram.first == UInt8(ascii: "d") else { return }
    table.receive(datagram, from: address, at: .now())
    write()
  }

  private func perform() {
    write()
    flush()
  }

  private func write() {
    for action in table.takeActions() {
      switch action {
      case .send(let datagram, let target):
        guard let channel = channels[target.family], let address = try? target.socketAddress()
        else { continue }
        channel.write(
          AddressedEnvelope(remoteAddress: address, data: ByteBuffer(bytes: datagram)),
          promise: nil)
        written.insert(target.family)
      case .found(let peers, let infoHash): found(infoHash, peers)
      }
    }
  }

  private func flush() {
    for family in written { channels[family]?.flush() }
    written.removeAll(keepingCapacity: true)
  }

  private func save() {
    do {
      try resume?.saveTable(table.state.encoded)
    } catch {
      logger.warning(
        "the nodes of the distributed hash table were not saved", metadata: ["error": "\(error)"])
    }
  }
}
