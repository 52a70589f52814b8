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
  /// What the session keeps of the torrent, also when it does not run.
  let entry: TorrentEntry
  let core: TorrentCore
  let logger: Logger
  let source: TorrentSource

  /// The infohashes that are known; a magnet's metadata can bring another.
  var hashes: InfoHashes
  /// The info dictionary, once it is known.
  var info: TorrentInfo?
  /// The piece layers that are known.
  var layers: PieceLayers
  var storage: TorrentStorage?
  var connections: [PeerHandle: PeerChannelHandler] = [:]
  /// Whether connections are not read until the storage has room again.
  private(set) var holdsReads = false
  /// Why the storage cannot work, while it cannot.
  var storageError: StorageError?
  /// Files on their way to the disk.
  var fileSync = FileSync()
  /// Why the torrent cannot go on.
  var failure: StorageError?
  /// Whether the files are being looked at.
  var isOpening = false
  /// Peers that were found before the torrent meets any.
  var waitingPeers: [(addresses: [PeerAddress], source: PeerSource)] = []
  /// Since when nobody is connected or dialled.
  var idleSince: NIODeadline?
  /// Payload that moved both ways, and when that was last another.
  var lastMoved = (total: 0, at: NIODeadline.distantPast)
  var slowTicks = 0
  /// Whether the torrent meets peers.
  var hasBegun = false
  private(set) var isStopped = false
  /// What hash requests are answered from.
  var hashTrees = HashTrees()
  /// How many ticks from now the figures are put in the record.
  var ticksUntilSaved = 120
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

  init(entry: TorrentEntry, core: TorrentCore, source: TorrentSource, logger: Logger) {
    self.entry = entry
    session = entry.session
    self.core = core
    self.source = source
    self.logger = logger
    hashes = source.hashes
    // Torrents do not all begin to look at the time in the same moment.
    slowTicks = session.runningCount % 10
    switch source {
    case .metainfo(let metainfo):
      info = metainfo.info
      layers = metainfo.pieceLayers
    case .magnet: layers = PieceLayers()
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

  /// Serves those who wait for the upload rate.
  func takeTurns() {
    guard !isStopped else { return }
    core.takeTurns(at: .now())
    hasNews = true
    settle()
  }

  /// Tells the core's strategy, and carries out what it wants done.
  func tellStrategy(_ body: (any Strategy, inout [StrategyWish]) -> Void) {
    guard !isStopped else { return }
    core.tellStrategy(body, at: .now())
    hasNews = true
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
    case .leavesArrived(let piece, let leaves): storage?.add(leaves: leaves, ofPiece: piece)
    case .answerHashes(let peer, let request): answer(request, for: peer)
    case .completed: completed()
    case .wantPeers:
      entry.announcer?.wantPeers()
      session.discovery?.wantPeers(entry)
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

  /// Whether anybody is connected or being dialled.
  var isBusy: Bool { !connections.isEmpty || !dialling.isEmpty }

  /// Hears of addresses of peers.
  func found(_ addresses: [PeerAddress], by source: PeerSource) {
    guard hasBegun else { return waitingPeers.append((addresses, source)) }
    handle(.peersFound(addresses, source))
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

  /// Stops reading the connections of the torrent, or goes on with it.
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

  /// Ends it: no peers, files closed and the record saved.
  func stop() -> EventLoopFuture<Void> {
    let eventLoop = session.eventLoop
    guard !isStopped else { return eventLoop.makeSucceededVoidFuture() }
    core.pause(at: .now())
    hasNews = true
    settle()
    isStopped = true
    for handler in connections.values { handler.close(.stopped) }
    connections.removeAll()
    core.strategy?.ended()
    saveFigures()
    guard let storage else { return eventLoop.makeSucceededVoidFuture() }
    return storage.close().flatMapErrorWithEventLoop { [logger] error, eventLoop in
      logger.warning(
        "the torrent's files were not closed in order", metadata: ["error": "\(error)"])
      return eventLoop.makeSucceededVoidFuture()
    }.and(endSync()).map { _, _ in }
  }
}
