internal import Logging
internal import Metainfo
internal import NIOCore
internal import Primitives

extension TorrentDriver {
  // MARK: - Opening

  /// Begins: opens the storage where the info dictionary is known, else asks peers for it.
  func start() {
    if let info { open(info) } else { begin() }
  }

  private func open(_ info: TorrentInfo) {
    let options = entry.options
    var configuration = StorageConfiguration(directory: options.directory)
    configuration.storeBytes = session.configuration.storeLimit
    // The session's open files are shared by those that run.
    configuration.openFiles = max(session.configuration.openFiles / max(session.runningCount, 1), 4)
    configuration.preallocates = options.preallocates
    let bound = NIOLoopBound(self, eventLoop: session.eventLoop)
    let storage = TorrentStorage(
      info, layers: layers, configuration: configuration, pool: session.pool,
      eventLoop: session.eventLoop, resume: session.resume
    ) { events in bound.value.storageReported(events) }
    self.storage = storage
    isOpening = true
    storage.open { done, of in bound.value.checkReached(done, of: of) }
      .assumeIsolated().whenComplete { result in
        switch result {
        case .success(let opened): self.opened(info, opened)
        case .failure(let error): self.fail(error)
        }
      }
    entry.noticePhase()
  }

  private func checkReached(_ done: Int, of total: Int) {
    entry.status.checked = (done, total)
    entry.publish()
  }

  private func opened(_ info: TorrentInfo, _ opened: TorrentStorage.Opened) {
    guard !isStopped else { return }
    isOpening = false
    entry.status.checked = nil
    entry.status.name = info.name
    entry.status.piecesHashedAtStart = opened.checkedPieces
    entry.take(opened.record)
    handle(.ready(info, layers, have: opened.have, blocks: opened.blocks))
    if let priorities = entry.options.filePriorities(of: info, linkSelection: source.selection) {
      apply(priorities, info)
    }
    begin()
    entry.completenessChanged(to: core.isComplete)
  }

  /// Takes over the priorities that the torrent's options have by now.
  func prioritiesChanged() {
    guard let info, core.info != nil else { return }
    let priorities = entry.options.filePriorities(of: info, linkSelection: source.selection)
    let usual = [UInt8](repeating: TorrentOptions.usualPriority, count: info.files.count)
    apply(priorities ?? usual, info)
    settle()
    entry.completenessChanged(to: core.isComplete)
    entry.noticePhase()
    entry.publish()
  }

  private func apply(_ priorities: [UInt8], _ info: TorrentInfo) {
    storage?.setPriorities(priorities).whenFailure { [logger] error in
      logger.warning("file priorities were not taken", metadata: ["error": "\(error)"])
    }
    core.setPriorities(info.piecePriorities(ofFiles: priorities), at: .now())
    hasNews = true
  }

  /// Meets peers: dials those given by hand, and asks the trackers.
  private func begin() {
    guard !hasBegun else { return settle() }
    hasBegun = true
    let peers = entry.options.peers + source.peers
    if !peers.isEmpty { deliver(.peersFound(peers, .user), at: .now()) }
    for (addresses, source) in waitingPeers {
      deliver(.peersFound(addresses, source), at: .now())
    }
    waitingPeers = []
    settle()
    entry.startAnnouncing()
    entry.noticePhase()
    entry.publish()
  }

  private func fail(_ error: any Error) {
    let error =
      error as? StorageError ?? StorageError(.io, path: entry.options.directory, "\(error)")
    guard !isStopped else { return }
    isOpening = false
    failure = error
    entry.noticePhase()
  }

  // MARK: - News of the storage

  private func storageReported(_ events: [StorageEvent]) {
    let now = NIODeadline.now()
    var verified: [Int] = []
    for event in events {
      switch event {
      case .pieceVerified(let piece): verified.append(piece)
      case .full: holdReads(true)
      case .relieved: holdReads(false)
      case .failed(let error): storageError = error
      case .recovered: storageError = nil
      case .pieceContradicts(let piece):
        failure = failure ?? StorageError.contradictory(entry.options.directory, piece: piece)
      default: break
      }
      deliver(.storage(event), at: now)
    }
    tellFiles(with: verified)
    settle()
    if storageError != nil || entry.status.phase != phase { entry.noticePhase() }
  }

  // MARK: - What the core found out from peers

  /// The whole info dictionary came from peers, and has the infohash.
  func metadataArrived(_ bytes: [UInt8]) {
    guard info == nil else { return }
    do {
      let info = try TorrentInfo(rawBytes: bytes, matching: hashes)
      self.info = info
      hashes = info.hashes
      var metainfo = Metainfo(info: info)
      metainfo.trackers = entry.trackers
      entry.metadataArrived(metainfo)
      open(info)
    } catch {
      logger.info("the torrent's metadata is invalid", metadata: ["error": "\(error)"])
      deliver(.metadataRefused, at: .now())
    }
  }

  /// A file's piece layer came from peers, and leads to its root.
  func pieceLayerArrived(_ root: Hash256, _ bytes: [UInt8]) {
    guard let info else { return }
    do {
      try layers.insert(bytes, root: root, of: info)
      storage?.add(layers)
      entry.layersArrived(layers, of: info)
    } catch {
      logger.error("a piece layer does not fit its file", metadata: ["error": "\(error)"])
    }
  }
}
