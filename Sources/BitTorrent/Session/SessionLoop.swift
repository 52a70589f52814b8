internal import Logging
internal import Metainfo
internal import NIOCore
internal import NIOPosix

/// All of a session that lives on its event loop: torrents by infohash, sockets, time.
///
/// Everything in here runs on the one event loop, so that nothing needs a lock.
final class SessionLoop {
  let configuration: SessionConfiguration
  let eventLoop: any EventLoop
  let logger: Logger
  let pool: DiskPool
  /// The thread on which files are brought to the disk: one at a time, and nobody waits for it.
  private(set) lazy var syncPool = DiskPool(threads: 1)
  let resume: ResumeStore?
  let trackers: any TrackerTransport
  /// Buffers for batches of blocks on their way out, shared by all connections.
  var buffers = BlockBufferPool(
    capacity: PeerChannelHandler.batchLimit
      * (PeerMessage.pieceHeaderLength + BlockRequest.blockLength),
    keeping: 8)
  let uploadLimiter: RateLimiter
  let downloadLimiter: RateLimiter
  /// What every random choice comes from.
  var generator: SeededGenerator
  /// Where peers are listened for, once they are.
  private(set) var listening: PeerAddress?
  /// Finds peers without trackers, once it is started.
  private(set) var discovery: SessionDiscovery?

  /// Torrents by the infohash that they were added by.
  var entries: [SHA1Hash: TorrentEntry] = [:]
  /// Torrents by every infohash by which peers may name them.
  var torrents: [SHA1Hash: TorrentEntry] = [:]
  /// The infohashes by what stands for them in encrypted handshakes.
  var hidden: [SHA1Hash: SHA1Hash] = [:]
  /// Whose turn it is.
  var queue = TorrentQueue()
  /// Those who listen to what happens.
  var alerts = AlertHub()
  /// Where torrents are kept from one session to the next; nil keeps none.
  let list: TorrentList?
  /// The limits that hold now.
  var limits: SessionLimits
  var isReviewDue = false
  /// Whether torrents do not run that might.
  var isCrowded = false
  private(set) var isClosed = false
  /// When the next torrent may begin to announce.
  var nextAnnounce = NIODeadline.distantPast
  // The torrents that run, which is all that time has to do with.
  private var running: [ObjectIdentifier: TorrentDriver] = [:]
  private var listener: (any Channel)?
  private var ticks: RepeatedTask?
  private var turns: RepeatedTask?
  private var connectionCount = 0

  init(
    configuration: SessionConfiguration, eventLoop: any EventLoop, pool: DiskPool,
    resume: ResumeStore?, list: TorrentList?, trackers: any TrackerTransport, logger: Logger
  ) {
    self.configuration = configuration
    self.eventLoop = eventLoop
    self.pool = pool
    self.resume = resume
    self.list = list
    self.trackers = trackers
    self.logger = logger
    uploadLimiter = RateLimiter(rate: configuration.limits.rates.upload, at: .now())
    downloadLimiter = RateLimiter(rate: configuration.limits.rates.download, at: .now())
    generator = SeededGenerator(seed: configuration.seed ?? .random(in: .min ... .max))
    limits = configuration.limits
    queue.limits.downloads = configuration.limits.activeDownloads
    queue.limits.seeds = configuration.limits.activeSeeds
    queue.limits.all = configuration.limits.activeTorrents
  }

  // MARK: - Time

  /// Starts the ticks that the cores want.
  func startTicking() {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    ticks = eventLoop.scheduleRepeatedTask(
      initialDelay: TorrentCore.tickInterval, delay: TorrentCore.tickInterval
    ) { _ in
      for driver in bound.value.running.values { driver.tick() }
    }
    // Weights divide a limited rate only as evenly as it is used.
    guard configuration.strategies != nil else { return }
    turns = eventLoop.scheduleRepeatedTask(
      initialDelay: Self.turnInterval, delay: Self.turnInterval
    ) { _ in
      for driver in bound.value.running.values where driver.core.awaitsUploadRate {
        driver.takeTurns()
      }
    }
  }

  private static let turnInterval: TimeAmount = .milliseconds(20)

  /// A torrent runs from now on.
  func began(_ driver: TorrentDriver) { running[ObjectIdentifier(driver)] = driver }

  /// A torrent runs no more.
  func ended(_ driver: TorrentDriver) { running[ObjectIdentifier(driver)] = nil }

  /// How many torrents run.
  var runningCount: Int { running.count }

  /// Stops listening and ticking, and finding peers.
  func close() -> EventLoopFuture<Void> {
    isClosed = true
    ticks?.cancel()
    turns?.cancel()
    listener?.close(promise: nil)
    listener = nil
    return discovery?.stop() ?? eventLoop.makeSucceededVoidFuture()
  }

  /// Begins to find peers without trackers, where peers find us.
  func startDiscovery(at address: PeerAddress) -> EventLoopFuture<Void> {
    let discovery = SessionDiscovery(self, listening: address) { [weak self] hash, peers, source in
      // One that rests is complete: whoever wants it finds us.
      guard let entry = self?.torrents[hash], !entry.isPrivate else { return }
      entry.driver?.found(peers, by: source)
    }
    self.discovery = discovery
    return discovery.start()
  }

  // MARK: - Sockets

  /// Begins to listen for peers.
  func listen() -> EventLoopFuture<PeerAddress> {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    let wanted = configuration.listen
    return bind(wanted).flatMapError { error in
      // A machine without IPv6 listens on IPv4.
      guard wanted.isUnspecified, wanted.family == .ipv6, SessionError.isWithoutFamily(error) else {
        return bound.value.eventLoop.makeFailedFuture(error)
      }
      return bound.value.bind(PeerAddress(ipv4: 0, port: wanted.port))
    }.flatMapErrorThrowing { error in
      throw SessionError(listeningOn: wanted, failedWith: error)
    }.map { channel in
      let address = channel.localAddress.flatMap { PeerAddress($0) } ?? wanted
      bound.value.listener = channel
      bound.value.listening = address
      return address
    }
  }

  private func bind(_ address: PeerAddress) -> EventLoopFuture<any Channel> {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    let bootstrap = ServerBootstrap(group: eventLoop)
      .serverChannelOption(.backlog, value: 512)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard let peer = channel.remoteAddress.flatMap({ PeerAddress($0) }) else {
            throw ChannelError.unknownLocalAddress
          }
          try bound.value.prepare(
            channel, peer,
            HandshakeExchange(acceptedFrom: peer, bound.value.configuration.encryptionSettings))
        }
      }
    do {
      return bootstrap.bind(to: try address.socketAddress())
    } catch {
      return eventLoop.makeFailedFuture(error)
    }
  }

  /// Dials a peer for a torrent; the torrent hears whether it came to handshakes.
  func dial(_ address: PeerAddress, for driver: TorrentDriver) {
    let settings = configuration.encryptionSettings
    dial(
      address, for: driver,
      HandshakeExchange(
        dialling: address, for: driver, settings, encrypted: settings.beginsEncrypted))
  }

  private func dial(
    _ address: PeerAddress, for driver: TorrentDriver, _ exchange: HandshakeExchange
  ) {
    let bound = NIOLoopBound(
      (session: self, driver: driver, exchange: exchange), eventLoop: eventLoop)
    var bootstrap = ClientBootstrap(group: eventLoop)
      .connectTimeout(configuration.connectTimeout)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try bound.value.session.prepare(channel, address, bound.value.exchange)
        }
      }
    do {
      if let source = configuration.source(for: address) {
        bootstrap = bootstrap.bind(to: try source.socketAddress())
      }
      bootstrap.connect(to: try address.socketAddress()).whenFailure { _ in
        bound.value.driver.dialFailed(address)
      }
    } catch {
      driver.dialFailed(address)
    }
  }

  /// Hears that a connection ended before both handshakes were made.
  func greetingFailed(_ address: PeerAddress, _ exchange: HandshakeExchange) {
    guard let driver = exchange.dialled else { return }
    if !driver.isStopped, let second = exchange.otherAttempt {
      dial(address, for: driver, second)
    } else {
      driver.dialFailed(address)
    }
  }

  /// Sets up a connection.
  private func prepare(
    _ channel: any Channel, _ address: PeerAddress, _ exchange: HandshakeExchange
  ) throws {
    guard connectionCount < configuration.maximumConnections else {
      throw ChannelError.ioOnClosedChannel
    }
    connectionCount += 1
    channel.closeFuture.assumeIsolated().whenComplete { _ in self.connectionCount -= 1 }
    if let options = channel.syncOptions {
      try? options.setOption(.tcpOption(.tcp_nodelay), value: 1)
      try options.setOption(
        .writeBufferWaterMark, value: .init(low: 128 << 10, high: 256 << 10))
      try options.setOption(
        .recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 64 << 10))
    }
    try channel.pipeline.syncOperations.addHandler(
      PeerChannelHandler(session: self, address: address, exchange: exchange))
  }
}

extension SessionConfiguration {
  var encryptionSettings: EncryptionSettings {
    EncryptionSettings(encryption, methods: encryptionMethods)
  }

  /// The source of connections to `address`: where we listen, when that is a certain address.
  fileprivate func source(for address: PeerAddress) -> PeerAddress? {
    guard !listen.isUnspecified, listen.family == address.family else { return nil }
    var source = listen.host
    source.port = 0
    return source
  }
}
