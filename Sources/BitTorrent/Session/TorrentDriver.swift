internal import Logging
internal import Metainfo
internal import NIOCore

/// Carries out what one torrent's core wants: connections, storage, trackers, time.
///
/// It is confined to the session's event loop. News is delivered to the core as it comes; at the
/// end of each batch ``settle()`` takes what follows from it, hands the batch's blocks to the
/// storage in one call, and flushes each touched connection once.
final class TorrentDriver {
  let session: SessionLoop
  let core: TorrentCore
  let logger: Logger
  let source: TorrentSource
  let options: TorrentOptions
  /// Where the torrent's status is told.
  let updates: AsyncStream<TorrentStatus>.Continuation

  /// The infohashes that are known; a magnet's metadata can bring another.
  var hashes: InfoHashes
  /// The info dictionary, once it is known.
  var info: TorrentInfo?
  /// The piece layers that are known.
  var layers: PieceLayers
  var storage: TorrentStorage?
  var connections: [PeerHandle: PeerChannelHandler] = [:]
  /// Whether connections are not read for now, as the storage has no room.
  private(set) var holdsReads = false
  /// Why the storage cannot work, while it cannot.
  var storageError: StorageError?
  /// What was told last.
  var status = TorrentStatus()
  /// Keeps the torrent announced, until `announcing` is fulfilled.
  var announcer: TrackerAnnouncer?
  var announcing: EventLoopFuture<Void>?
  /// Files on their way to the disk.
  var fileSync = FileSync()
  /// Bytes received and sent in earlier sessions.
  var earlier = (downloaded: 0, uploaded: 0)
  /// Whether the torrent meets peers.
  var hasBegun = false
  private(set) var isStopped = false
  /// What hash requests are answered from.
  var hashTrees = HashTrees()
  /// How many ticks from now the figures are put in the record.
  var ticksUntilSaved = 60
  /// Whether the core may want something done.
  var hasNews = false

  private var dialling: Set<PeerAddress> = []
  private var nextHandle = 0
  private var batch: [TorrentAction] = []
  private var received: [ReceivedBlock] = []
  private var marked: [PeerChannelHandler] = []
  private var isSettling = false
  /// How many batches follow on each other before other sockets get their turn.
  private static let batchesPerTurn = 8

  init(
    session: SessionLoop, core: TorrentCore, source: TorrentSource, options: TorrentOptions,
    updates: AsyncStream<TorrentStatus>.Continuation, logger: Logger
  ) {
    self.session = session
    self.core = core
    self.source = source
    self.options = options
    self.updates = updates
    self.logger = logger
    hashes = source.hashes
    switch source {
    case .metainfo(let metainfo):
      info = metainfo.info
      layers = metainfo.pieceLayers
      status.name = metainfo.info.name
    case .magnet(let link):
      layers = PieceLayers()
      status.name = link.name
    }
  }

  // MARK: - Events in, actions out

  /// Tells the core; ``settle()`` must follow before the event loop goes on.
  func deliver(_ event: TorrentEvent, at now: NIODeadline) {
    guard !isStopped else { return }
    core.handle(event, at: now)
    hasNews = true
  }

  /// Tells the core, and carries out what follows.
  func handle(_ event: TorrentEvent) {
    deliver(event, at: .now())
    settle()
  }

  /// Carries out what the core wants, until it wants nothing more.
  func settle() {
    // What is carried out can be news itself: the outermost call sees to it.
    guard !isSettling else { return }
    isSettling = true
    defer { isSettling = false }
    var turns = 0
    while hasNews {
      guard turns < Self.batchesPerTurn else {
        session.eventLoop.assumeIsolated().execute { self.settle() }
        return
      }
      turns += 1
      hasNews = false
      core.takeActions(at: .now(), into: &batch)
      for action in batch { perform(action) }
      batch.removeAll(keepingCapacity: true)
      if !received.isEmpty {
        storage?.receive(received)
        received.removeAll(keepingCapacity: true)
      }
      while let handler = marked.popLast() {
        handler.isMarked = false
        handler.flush()
      }
    }
  }

  private func perform(_ action: TorrentAction) {
    switch action {
    case .store(let request, let data, from: _):
      received.append(ReceivedBlock(request, data))
    case .send(let peer, let message):
      withConnection(peer) { $0.send(message) }
    case .upload(let peer, let requests):
      withConnection(peer) { $0.send(requests) }
    case .connect(let address):
      dialling.insert(address)
      session.dial(address, for: self)
    case .disconnect(let peer, let reason): connections[peer]?.close(reason)
    case .discard(let piece): storage?.discard(piece: piece)
    case .metadataArrived(let bytes): metadataArrived(bytes)
    case .pieceLayerArrived(let root, let hashes): pieceLayerArrived(root, hashes)
    case .answerHashes(let peer, let request): answer(request, for: peer)
    case .completed: completed()
    case .wantPeers:
      announcer?.wantPeers()
      session.discovery?.wantPeers(self)
    }
  }

  private func withConnection(_ peer: PeerHandle, _ body: (PeerChannelHandler) -> Void) {
    guard let handler = connections[peer] else { return }
    body(handler)
    mark(handler)
  }

  /// Has the connection flushed at the end of the batch.
  func mark(_ handler: PeerChannelHandler) {
    guard !handler.isMarked else { return }
    handler.isMarked = true
    marked.append(handler)
    hasNews = true
  }

  // MARK: - Connections

  /// Takes in a connection whose handshakes are made.
  func connected(_ handler: PeerChannelHandler) -> PeerHandle {
    dialling.remove(handler.address)
    let handle = PeerHandle(nextHandle)
    nextHandle += 1
    connections[handle] = handler
    return handle
  }

  /// Hears that dialling did not come to handshakes.
  func dialFailed(_ address: PeerAddress) {
    // A connection that breaks while it is set up is reported by its handler and by the dialler.
    guard dialling.remove(address) != nil else { return }
    handle(.connectFailed(address))
  }

  /// Hears that a connection is gone.
  func connectionEnded(_ handle: PeerHandle) {
    guard connections.removeValue(forKey: handle) != nil else { return }
    self.handle(.peerClosed(handle))
  }

  /// Lets the connections of the torrent be read again, or not for now.
  func holdReads(_ hold: Bool) {
    guard hold != holdsReads else { return }
    holdsReads = hold
    guard !hold else { return }
    for handler in connections.values { handler.resumeReading() }
  }

  /// Hears that blocks went to the socket.
  func uploaded(_ blocks: ArraySlice<BlockRequest>, by handler: PeerChannelHandler) {
    guard let handle = handler.handle else { return }
    let now = NIODeadline.now()
    for block in blocks { deliver(.uploaded(handle, block), at: now) }
    settle()
  }

  /// Hears that blocks cannot be read.
  func uploadFailed(_ blocks: [BlockRequest], of handler: PeerChannelHandler) {
    guard let handle = handler.handle else { return }
    let now = NIODeadline.now()
    for block in blocks { deliver(.uploadFailed(handle, block), at: now) }
    settle()
  }

  // MARK: - End

  /// Ends the torrent: no peers, no trackers, files closed and the record saved.
  func stop() -> EventLoopFuture<Void> {
    let eventLoop = session.eventLoop
    guard !isStopped else { return eventLoop.makeSucceededVoidFuture() }
    core.pause(at: .now())
    hasNews = true
    settle()
    isStopped = true
    session.remove(self)
    session.discovery?.leave(self)
    for handler in connections.values { handler.close(.stopped) }
    connections.removeAll()
    saveFigures()
    let closed = storage?.close() ?? eventLoop.makeSucceededVoidFuture()
    let announced = stopAnnouncing()
    return closed.flatMapErrorWithEventLoop { [logger] error, eventLoop in
      logger.warning(
        "the torrent's files were not closed in order", metadata: ["error": "\(error)"])
      return eventLoop.makeSucceededVoidFuture()
    }.and(announced).and(endSync()).assumeIsolated().map { _ in
      self.status.phase = .stopped
      self.updates.yield(self.status)
      self.updates.finish()
    }.nonisolated()
  }
}
