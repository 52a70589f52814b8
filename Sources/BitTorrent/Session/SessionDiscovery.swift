internal import Logging
internal import Metainfo
internal import NIOCore

/// How a session finds peers without trackers: the distributed hash table, and the local network.
///
/// It is confined to the session's event loop. Private torrents never come here.
final class SessionDiscovery {
  private let table: DHTService?
  private let local: LocalDiscoveryService?
  private let eventLoop: any EventLoop
  private let addresses: [PeerAddress]
  // Under which infohashes a torrent is known here.
  private var members: [ObjectIdentifier: [SHA1Hash]] = [:]

  /// Discovery for a session that listens at `listening`; `found` hears of peers.
  init(
    _ session: SessionLoop, listening: PeerAddress,
    found: @escaping (SHA1Hash, [PeerAddress], PeerSource) -> Void
  ) {
    let configuration = session.configuration
    eventLoop = session.eventLoop
    addresses = DatagramSocket.addresses(beside: listening, wanted: configuration.listen)
    let isLoopback = configuration.listen.isLoopback
    let nodes = configuration.dhtNodes ?? (isLoopback ? [] : SessionConfiguration.defaultDHTNodes)
    table =
      configuration.dht
      ? DHTService(
        port: listening.port, eventLoop: eventLoop, resume: session.resume, entryPoints: nodes,
        areRouters: configuration.dhtNodes == nil, logger: session.logger
      ) { found($0, $1, .dht) } : nil
    local =
      configuration.localDiscovery ?? !isLoopback
      ? LocalDiscoveryService(
        listening: listening, wanted: configuration.listen, eventLoop: eventLoop,
        logger: session.logger
      ) { found($0, [$1], .localNetwork) } : nil
  }

  /// The port of the table's node, which peers are told (BEP 5); nil without one.
  var nodePort: UInt16? { table?.port }
  /// How many nodes of the table are known.
  var nodeCount: Int { table?.nodeCount ?? 0 }

  /// Opens the sockets; what cannot be opened is done without.
  func start() -> EventLoopFuture<Void> {
    EventLoopFuture.andAllComplete(
      [table?.start(at: addresses), local?.start()].compactMap { $0 }, on: eventLoop)
  }

  /// Closes them.
  func stop() -> EventLoopFuture<Void> {
    EventLoopFuture.andAllComplete([table?.stop(), local?.stop()].compactMap { $0 }, on: eventLoop)
  }

  /// Finds peers for a torrent from now on, under all of the infohashes.
  func join(
    _ torrent: TorrentEntry, _ hashes: [SHA1Hash], nodes: [TorrentAddress], isSeed: Bool
  ) {
    let known = members[ObjectIdentifier(torrent)] ?? []
    if known.isEmpty, !nodes.isEmpty { table?.resolve(nodes) }
    for hash in hashes where !known.contains(hash) {
      table?.add(hash, isSeed: isSeed)
      local?.add(hash)
    }
    members[ObjectIdentifier(torrent)] = hashes
  }

  /// Finds no more peers for a torrent.
  func leave(_ torrent: TorrentEntry) {
    for hash in members.removeValue(forKey: ObjectIdentifier(torrent)) ?? [] {
      table?.remove(hash)
      local?.remove(hash)
    }
  }

  /// Hears that a torrent is complete.
  func completed(_ torrent: TorrentEntry) {
    for hash in members[ObjectIdentifier(torrent)] ?? [] { table?.isSeed(hash) }
  }

  /// Hears that a torrent has few peers.
  func wantPeers(_ torrent: TorrentEntry) {
    for hash in members[ObjectIdentifier(torrent)] ?? [] { table?.wantPeers(hash) }
  }

  /// Hears of a node of the table, from a peer.
  func heard(of address: PeerAddress) { table?.heard(of: address) }
}
