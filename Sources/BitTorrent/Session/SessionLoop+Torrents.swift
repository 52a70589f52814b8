internal import Metainfo
internal import NIOCore

extension SessionLoop {
  /// Makes the driver of a torrent and its core; nothing happens before it is started.
  func makeDriver(
    _ source: TorrentSource, _ options: TorrentOptions,
    updates: AsyncStream<TorrentStatus>.Continuation
  ) -> TorrentDriver {
    let hashes = source.hashes
    var configuration = TorrentConfiguration(
      infoHashes: hashes,
      peerID: PeerID(prefix: self.configuration.peerIDPrefix, using: &generator))
    configuration.listenPort = listening?.port ?? 0
    configuration.clientName = self.configuration.clientName
    configuration.maximumConnections = self.configuration.maximumConnectionsPerTorrent
    configuration.maximumHalfOpen = self.configuration.maximumHalfOpen
    configuration.sequential = options.isSequential
    let core = TorrentCore(
      configuration: configuration, seed: generator.next(), now: .now())
    return TorrentDriver(
      session: self, core: core, source: source, options: options, updates: updates,
      logger: logger)
  }
}
