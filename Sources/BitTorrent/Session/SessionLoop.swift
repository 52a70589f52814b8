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

  private var torrents: [SHA1Hash: TorrentDriver] = [:]
  // The infohashes by what stands for them in encrypted handshakes.
  private var hidden: [SHA1Hash: SHA1Hash] = [:]
  private var drivers: [ObjectIdentifier: TorrentDriver] = [:]
  private var listener: (any Channel)?
  private var ticks: RepeatedTask?
  private var connectionCount = 0

  init(
    configuration: SessionConfiguration, eventLoop: any EventLoop, pool: DiskPool,
    resume: ResumeStore?, trackers: any TrackerTransport, logger: Logger
  ) {
    self.configuration = configuration
    self.eventLoop = eventLoop
    self.pool = pool
    self.resume = resume
    self.trackers = trackers
    self.logger = logger
    uploadLimiter = RateLimiter(rate: configuration.uploadLimit, at: .now())
    downloadLimiter = RateLimiter(rate: configuration.downloadLimit, at: .now())
    generator = SeededGenerator(seed: configuration.seed ?? .random(in: .min ... .max))
  }

  // MARK: - Torrents

  /// The torrent that a handshake with this infohash means.
  func torrent(_ infoHash: SHA1Hash) -> TorrentDriver? { torrents[infoHash] }

  /// The infohash that an encrypted handshake means by a hash of it.
  func infoHash(hidden name: SHA1Hash) -> SHA1Hash? { hidden[name] }

  /// Takes in a torrent; its peers may come from now on.
  func add(_ driver: TorrentDriver) throws(SessionError) {
    guard driver.hashes.wire.allSatisfy({ torrents[$0] == nil }) else {
      throw .duplicate(driver.hashes.primary.hex)
    }
    drivers[ObjectIdentifier(driver)] = driver
    register(driver)
  }

  /// Lets peers name the torrent by all of its infohashes: a magnet's metadata can bring another.
  func register(_ driver: TorrentDriver) {
    for hash in driver.hashes.wire where torrents[hash] == nil {
      torrents[hash] = driver
      if let name = EncryptedHandshake.name(of: hash) { hidden[name] = hash }
    }
  }

  /// Forgets a torrent; its connections are closed by itself.
  func remove(_ driver: TorrentDriver) {
    drivers[ObjectIdentifier(driver)] = nil
    torrents = torrents.filter { $0.value !== driver }
    hidden = hidden.filter { torrents[$0.value] != nil }
  }

  /// All torrents.
  var all: [TorrentDriver] { Array(drivers.values) }

  // MARK: - Time

  /// Starts the ticks that the cores want.
  func startTicking() {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    ticks = eventLoop.scheduleRepeatedTask(
      initialDelay: TorrentCore.tickInterval, delay: TorrentCore.tickInterval
    ) { _ in
      for driver in bound.value.drivers.values { driver.tick() }
    }
  }

  /// Stops listening and ticking, and finding peers.
  func close() -> EventLoopFuture<Void> {
    ticks?.cancel()
    listener?.close(promise: nil)
    listener = nil
    return discovery?.stop() ?? eventLoop.makeSucceededVoidFuture()
  }

  /// Begins to find peers without trackers, where peers find us.
  func startDiscovery(at address: PeerAddress) -> EventLoopFuture<Void> {
    let discovery = SessionDiscovery(self, listening: address) { [weak self] hash, peers, source in
      guard let driver = self?.torrent(hash), driver.isPublic else { return }
      driver.handle(.peersFound(peers, source))
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
