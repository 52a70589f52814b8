internal import KeyValueStore
public import Logging
public import Metainfo
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
  private let store: LevelDBStore?
  private let logger: Logger

  private init(
    address: PeerAddress, udp: UDPTrackerTransport, group: MultiThreadedEventLoopGroup,
    eventLoop: any EventLoop, loop: NIOLoopBound<SessionLoop>, store: LevelDBStore?, logger: Logger
  ) {
    self.address = address
    self.udp = udp
    self.group = group
    self.eventLoop = eventLoop
    self.loop = loop
    self.store = store
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
    let store = try configuration.stateDirectory.map { directory in
      // Records are few and small: little memory does.
      var store = LevelDBStore.Configuration(path: directory)
      store.blockCacheBytes = 1 << 20
      store.writeBufferBytes = 1 << 20
      store.maximumOpenFiles = 74
      return try LevelDBStore(configuration: store)
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
            configuration: configuration, eventLoop: eventLoop, pool: pool,
            resume: store.map(ResumeStore.init),
            list: configuration.keepsTorrents ? store.map(TorrentList.init) : nil,
            trackers: trackers, logger: logger), eventLoop: eventLoop)
      }
      let loop = try await started.get()
      let address = try await eventLoop.flatSubmit {
        loop.value.startTicking()
        return loop.value.listen().flatMap { address in
          loop.value.startDiscovery(at: address).flatMapThrowing {
            try loop.value.restore()
            return address
          }
        }
      }.get()
      logger.info("listening for peers", metadata: ["address": "\(address)"])
      return TorrentSession(
        address: address, udp: udp, group: group, eventLoop: eventLoop, loop: loop, store: store,
        logger: logger)
    } catch {
      store?.close()
      try? await group.shutdownGracefully()
      throw error
    }
  }

  /// Does something on the session's event loop.
  private func onLoop<Value: Sendable>(
    _ body: @escaping @Sendable (SessionLoop) throws -> Value
  ) async throws -> Value {
    try await eventLoop.submit { [loop] in
      guard !loop.value.isClosed else { throw SessionError.stopped }
      return try body(loop.value)
    }.get()
  }

  // MARK: - Torrents

  /// Adds a torrent: once its turn comes, its files are looked at, and its peers met.
  ///
  /// - Throws: `SessionError`.
  public func add(
    _ source: TorrentSource, _ options: TorrentOptions, isPaused: Bool = false
  ) async throws -> Torrent {
    try options.validate()
    return try await onLoop { Torrent(try $0.add(source, options, isPaused: isPaused)) }
  }

  /// The torrent that has this infohash, in its v1 or its shortened v2 form.
  ///
  /// - Throws: `SessionError.unknown`.
  public func torrent(_ infoHash: SHA1Hash) async throws -> Torrent {
    try await onLoop { session in
      guard let entry = session.torrents[infoHash] else { throw SessionError.unknown(infoHash.hex) }
      return Torrent(entry)
    }
  }

  /// Torrents in the order of the queue; `range` counts from its first, and is clamped.
  public func torrents(in range: Range<Int> = 0..<Int.max) async throws -> [TorrentOverview] {
    try await onLoop { session in
      let order = session.queue.order
      return order[range.clamped(to: order.indices)].compactMap { id in
        session.entries[id].map { TorrentOverview($0) }
      }
    }
  }

  /// What all torrents do together.
  public func statistics() async throws -> SessionStatistics {
    try await onLoop { $0.statistics() }
  }

  // MARK: - Limits

  /// The limits that hold now.
  public func limits() async throws -> SessionLimits {
    try await onLoop { $0.limits }
  }

  /// Sets limits, which hold at once.
  ///
  /// - Throws: `SessionError.configuration`, which names the first limit that is wrong.
  public func setLimits(_ limits: SessionLimits) async throws {
    try limits.validate()
    try await onLoop { $0.setLimits(limits) }
  }

  // MARK: - Alerts

  /// What happens to torrents from now on.
  ///
  /// Whoever reads too slowly misses the oldest beyond `bufferLimit`, and sees it by the numbers.
  public func alerts(bufferLimit: Int = 1_024) -> AsyncStream<TorrentAlert> {
    let (alerts, continuation) = AsyncStream.makeStream(
      of: TorrentAlert.self, bufferingPolicy: .bufferingNewest(max(bufferLimit, 1)))
    eventLoop.execute { [loop, eventLoop] in
      guard !loop.value.isClosed else { return continuation.finish() }
      let listener = loop.value.alerts.add(continuation)
      continuation.onTermination = { _ in
        eventLoop.execute { loop.value.alerts.remove(listener) }
      }
    }
    return alerts
  }

  // MARK: - End

  /// Ends the session: torrents that are kept go on in the next one; trackers get the configured
  /// grace to hear of it.
  public func stop() async {
    let stopped = eventLoop.flatSubmit { [loop, eventLoop] in
      let closed = loop.value.close()
      let ends = loop.value.entries.values.flatMap { [$0.rest(), $0.stopAnnouncing()] } + [closed]
      return EventLoopFuture.andAllComplete(ends, on: eventLoop).always { _ in
        loop.value.finish()
        loop.value.resume?.close()
      }
    }
    try? await stopped.get()
    await udp.shutdown()
    try? await group.shutdownGracefully()
    store?.close()
    logger.info("the session has stopped")
  }
}
