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
    var configuration = StorageConfiguration(directory: options.directory)
    configuration.storeBytes = session.configuration.storeLimit
    configuration.openFiles = session.configuration.openFiles
    configuration.preallocates = options.preallocates
    let bound = NIOLoopBound(self, eventLoop: session.eventLoop)
    let storage = TorrentStorage(
      info, layers: layers, configuration: configuration, pool: session.pool,
      eventLoop: session.eventLoop, resume: session.resume
    ) { events in bound.value.storageReported(events) }
    self.storage = storage
    status.phase = .checking
    storage.open { done, of in bound.value.checkReached(done, of: of) }
      .assumeIsolated().whenComplete { result in
        switch result {
        case .success(let opened): self.opened(info, opened)
        case .failure(let error): self.fail(error)
        }
      }
    publish()
  }

  private func checkReached(_ done: Int, of total: Int) {
    status.checked = (done, total)
    publish()
  }

  private func opened(_ info: TorrentInfo, _ opened: TorrentStorage.Opened) {
    guard !isStopped else { return }
    status.checked = nil
    status.name = info.name
    status.piecesHashedAtStart = opened.checkedPieces
    earlier = (opened.record.downloaded, opened.record.uploaded)
    handle(.ready(info, layers, have: opened.have, blocks: opened.blocks))
    if let priorities = options.filePriorities(of: info, linkSelection: source.selection) {
      apply(priorities, info)
    }
    begin()
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
    let peers = options.peers + source.peers
    if !peers.isEmpty { deliver(.peersFound(peers, .user), at: .now()) }
    settle()
    startAnnouncing()
    publish()
  }

  private func fail(_ error: any Error) {
    let error =
      error as? StorageError ?? StorageError(.io, path: options.directory, "\(error)")
    guard !isStopped else { return }
    status.phase = .failed(error)
    publish()
  }

  // MARK: - News of the storage

  private func storageReported(_ events: [StorageEvent]) {
    let now = NIODeadline.now()
    for event in events {
      switch event {
      case .full: holdReads(true)
      case .relieved: holdReads(false)
      case .failed(let error): storageError = error
      case .recovered: storageError = nil
      default: break
      }
      deliver(.storage(event), at: now)
    }
    settle()
  }

  // MARK: - What the core found out from peers

  /// The whole info dictionary came from peers, and has the infohash.
  func metadataArrived(_ bytes: [UInt8]) {
    guard info == nil else { return }
    do {
      let info = try TorrentInfo(rawBytes: bytes, matching: hashes)
      self.info = info
      for hash in info.hashes.wire where !hashes.contains(wire: hash) { announcer?.add(hash) }
      hashes = info.hashes
      session.register(self)
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
    } catch {
      logger.error("a piece layer does not fit its file", metadata: ["error": "\(error)"])
    }
  }
}
