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
    configuration.nodePort = discovery?.nodePort
    configuration.clientName = self.configuration.clientName
    configuration.maximumConnections = self.configuration.maximumConnectionsPerTorrent
    configuration.maximumHalfOpen = self.configuration.maximumHalfOpen
    configuration.exchangesPeers = self.configuration.peerExchange
    configuration.superSeeding = options.superSeeding
    configuration.sequential = options.isSequential
    let now = NIODeadline.now()
    func limiters(_ own: Int?, _ shared: RateLimiter) -> [RateLimiter] {
      // An unlimited bucket would be asked for each block in vain.
      (own == nil ? [] : [RateLimiter(rate: own, at: now)]) + (shared.rate == nil ? [] : [shared])
    }
    let core = TorrentCore(
      configuration: configuration, seed: generator.next(),
      uploadLimits: limiters(options.uploadLimit, uploadLimiter),
      downloadLimits: limiters(options.downloadLimit, downloadLimiter), now: now)
    return TorrentDriver(
      session: self, core: core, source: source, options: options, updates: updates,
      logger: logger)
  }
}
