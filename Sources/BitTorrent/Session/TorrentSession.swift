internal import KeyValueStore
public import Logging
internal import Metainfo
internal import NIOCore
internal import NIOPosix

/// Torrents that share a port, a network event loop, disk threads and limits.
///
///     let session = try await TorrentSession.start(SessionConfiguration(), logger: logger)
///     let torrent = try await session.add(.metainfo(metainfo), TorrentOptions(directory: "."))
///     for await status in torrent.updates where status.phase == .seeding { break }
///     await session.stop()
public final class TorrentSession: Sendable {
  /// Where peers are listened for.
  public let address: PeerAddress

  private let udp: UDPTrackerTransport
  private let group: MultiThreadedEventLoopGroup
  private let eventLoop: any EventLoop
  private let loop: NIOLoopBound<SessionLoop>
  private let configuration: SessionConfiguration
  private let logger: Logger

  private init(
    address: PeerAddress, udp: UDPTrackerTransport, group: MultiThreadedEventLoopGroup,
    eventLoop: any EventLoop,
    loop: NIOLoopBound<SessionLoop>, configuration: SessionConfiguration, logger: Logger
  ) {
    self.address = address
    self.udp = udp
    self.group = group
    self.eventLoop = eventLoop
    self.loop = loop
    self.configuration = configuration
    self.logger = logger
  }

  /// Starts a session, which listens when this returns; whoever starts one stops it.
  ///
  /// UDP trackers are spoken to by the session itself, others through `http` where it is given.
  ///
  /// - Throws: `SessionError`, or `StoreError` when the state directory cannot be used.
  public static func start(
    _ configuration: SessionConfiguration, http: (any TrackerTransport)? = nil, logger: Logger
  ) async throws -> TorrentSession {
    try configuration.validate()
    let resume = try configuration.stateDirectory.map { directory in
      // Records are few and small: little memory does.
      var store = LevelDBStore.Configuration(path: directory)
      store.blockCacheBytes = 1 << 20
      store.writeBufferBytes = 1 << 20
      store.maximumOpenFiles = 74
      return ResumeStore(try LevelDBStore(configuration: store))
    }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let eventLoop = group.next()
    do {
      let pool = DiskPool(threads: configuration.diskThreads)
      let udp = UDPTrackerTransport(
        eventLoop: eventLoop,
        sources: configuration.listen.isUnspecified ? [] : [configuration.listen])
      let trackers = TrackerRouter(http: http, udp: udp)
      let started = eventLoop.submit {
        NIOLoopBound(
          SessionLoop(
            configuration: configuration, eventLoop: eventLoop, pool: pool, resume: resume,
            trackers: trackers, logger: logger), eventLoop: eventLoop)
      }
      let loop = try await started.get()
      let address = try await eventLoop.flatSubmit {
        loop.value.startTicking()
        return loop.value.listen().flatMap { address in
          loop.value.startDiscovery(at: address).map { address }
        }
      }.get()
      logger.info("listening for peers", metadata: ["address": "\(address)"])
      return TorrentSession(
        address: address, udp: udp, group: group, eventLoop: eventLoop, loop: loop,
        configuration: configuration, logger: logger)
    } catch {
      try? await group.shutdownGracefully()
      throw error
    }
  }

  /// Adds a torrent: its files are looked at, and its peers met.
  ///
  /// - Throws: `SessionError`.
  public func add(_ source: TorrentSource, _ options: TorrentOptions) async throws -> Torrent {
    try options.validate()
    let (updates, continuation) = AsyncStream.makeStream(
      of: TorrentStatus.self, bufferingPolicy: .bufferingNewest(1))
    return try await eventLoop.submit { [loop] in
      let driver = loop.value.makeDriver(source, options, updates: continuation)
      try loop.value.add(driver)
      driver.start()
      return Torrent(driver, updates: updates)
    }.get()
  }

  /// Ends all torrents and the session; trackers get the configured grace to hear of it.
  public func stop() async {
    let stopped = eventLoop.flatSubmit { [loop, eventLoop] in
      let closed = loop.value.close()
      return EventLoopFuture.andAllComplete(
        loop.value.all.map { $0.stop() } + [closed], on: eventLoop)
        .map { loop.value.resume?.close() }
    }
    try? await stopped.get()
    await udp.shutdown()
    try? await group.shutdownGracefully()
    logger.info("the session has stopped")
  }
}
