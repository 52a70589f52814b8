public import Metainfo
internal import NIOCore

/// A torrent of a session.
public struct Torrent: Sendable {
  /// The infohash that names it in the session.
  public let id: SHA1Hash
  /// The infohashes that it was added by.
  public let hashes: InfoHashes

  private let entry: NIOLoopBound<TorrentEntry>
  private let eventLoop: any EventLoop

  init(_ entry: TorrentEntry) {
    id = entry.id
    hashes = entry.hashes
    eventLoop = entry.session.eventLoop
    self.entry = NIOLoopBound(entry, eventLoop: eventLoop)
  }

  /// Does something with what the session keeps of it.
  private func onLoop<Value: Sendable>(
    _ body: @escaping @Sendable (TorrentEntry) throws -> Value
  ) async throws -> Value {
    try await eventLoop.submit { [entry] in
      guard !entry.value.isRemoved else { throw SessionError.unknown(entry.value.id.hex) }
      return try body(entry.value)
    }.get()
  }

  // MARK: - How it stands

  /// How it stands: at once, about twice a second while it runs, and whenever it becomes about
  /// something else.
  ///
  /// Each stream is for one reader, who gets the newest and misses what is older. It ends when the
  /// torrent is removed or the session stops.
  public var updates: AsyncStream<TorrentStatus> {
    let (updates, continuation) = AsyncStream.makeStream(
      of: TorrentStatus.self, bufferingPolicy: .bufferingNewest(1))
    eventLoop.execute { [entry, eventLoop] in
      guard let listener = entry.value.addListener(continuation) else { return }
      continuation.onTermination = { _ in
        eventLoop.execute { entry.value.removeListener(listener) }
      }
    }
    return updates
  }

  /// How it stands now.
  public func status() async throws -> TorrentStatus {
    try await onLoop { $0.refreshed() }
  }

  /// How it stands, with what is wanted of it.
  public func overview() async throws -> TorrentOverview {
    try await onLoop { TorrentOverview($0) }
  }

  /// The peers that are connected, the oldest connection first.
  public func peers() async throws -> [TorrentPeer] {
    try await onLoop { $0.driver?.core.peerDetails(at: .now()) ?? [] }
  }

  /// Its files; without pads, and in the order of their numbers.
  ///
  /// - Throws: `SessionError.noMetadata` where they are not known yet.
  public func files() async throws -> [TorrentFileStatus] {
    try await onLoop { try $0.fileDetails() }
  }

  /// How each of its trackers stands.
  public func trackers() async throws -> [TrackerStatus] {
    try await onLoop { $0.announcer?.statuses ?? [] }
  }

  // MARK: - What is wanted of it

  /// Makes addresses of peers known; they are dialled as there is room.
  public func addPeers(_ addresses: [PeerAddress]) {
    eventLoop.execute { [entry] in
      if !entry.value.isRemoved { entry.value.addPeers(addresses) }
    }
  }

  /// Lets it rest: no peers, trackers told, files closed.
  public func pause() async throws {
    try await onLoop { entry in
      entry.session.updateQueue(entry) {
        $0.isPaused = true
        $0.isForced = false
      }
      entry.session.review()
      entry.save()
    }
  }

  /// Lets it run once its turn comes; with `isForced` at once, whatever the limits.
  public func resume(isForced: Bool = false) async throws {
    try await onLoop { entry in
      entry.session.updateQueue(entry) {
        $0.isPaused = false
        $0.isForced = isForced
      }
      entry.retryIfFailed()
      entry.session.review()
      entry.save()
    }
  }

  /// Moves it in the queue.
  public func move(_ move: QueueMove) async throws {
    try await onLoop { entry in
      for id in entry.session.queue.move(entry.id, move.queueMove) {
        entry.session.entries[id]?.save()
      }
      entry.session.review()
    }
  }

  /// Sets how much files are wanted, beside those about which nothing is said: these stay as they
  /// are.
  public func setPriorities(_ priorities: [TorrentOptions.FilePriority]) async throws {
    try await onLoop { try $0.setPriorities(priorities) }
  }

  /// Sets its rate limits.
  ///
  /// - Throws: `SessionError.configuration` where one is too low.
  public func setLimits(_ limits: TorrentRateLimits) async throws {
    try limits.validate()
    try await onLoop { entry in
      entry.options.uploadLimit = limits.upload
      entry.options.downloadLimit = limits.download
      let now = NIODeadline.now()
      entry.uploadLimiter.setRate(limits.upload, at: now)
      entry.downloadLimiter.setRate(limits.download, at: now)
      entry.save()
    }
  }

  /// Fetches pieces in order, or rarest first.
  public func setSequential(_ isSequential: Bool) async throws {
    try await onLoop { entry in
      entry.options.isSequential = isSequential
      entry.driver?.core.setSequential(isSequential)
      entry.save()
    }
  }

  /// Takes it out of the session, with its files if told to; returns when nothing of it is in use.
  ///
  /// - Throws: `SessionError.unknown` when it is gone already; `StorageError` when a file cannot be
  ///   removed: the torrent is out of the session all the same.
  public func remove(withFiles: Bool = false) async throws {
    try await eventLoop.flatSubmit { [entry] () -> EventLoopFuture<Void> in
      let entry = entry.value
      guard !entry.isRemoved else {
        return entry.session.eventLoop.makeFailedFuture(SessionError.unknown(entry.id.hex))
      }
      return entry.session.remove(entry, withFiles: withFiles)
    }.get()
  }
}

/// Where a torrent goes in a session's queue.
public enum QueueMove: String, CaseIterable, Sendable {
  /// Before all others.
  case top
  /// One place forward.
  case up
  /// One place back.
  case down
  /// Behind all others.
  case bottom

  var queueMove: TorrentQueue.Move {
    switch self {
    case .top: .top
    case .up: .up
    case .down: .down
    case .bottom: .bottom
    }
  }
}
