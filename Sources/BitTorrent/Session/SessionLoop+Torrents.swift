internal import Foundation
internal import Logging
internal import Metainfo
internal import NIOCore

// The session's torrents: coming, going, and whose turn it is.
extension SessionLoop {
  // MARK: - Coming

  /// Takes in a torrent; its peers may come once the queue lets it run.
  func add(
    _ source: TorrentSource, _ options: TorrentOptions, isPaused: Bool
  ) throws(SessionError) -> TorrentEntry {
    guard !isClosed else { throw .stopped }
    let hashes = source.hashes
    var options = options
    // The link itself is not kept once the metadata is there.
    options.selection = options.selection ?? source.selection
    guard !hashes.wire.isEmpty, hashes.wire.allSatisfy({ torrents[$0] == nil }) else {
      throw .duplicate(hashes.primary.hex)
    }
    guard entries.count < Self.maximumTorrents else { throw .full(Self.maximumTorrents) }
    let entry = makeEntry(hashes.primary, hashes, options, source, source.trackers)
    entry.status.name = source.name
    if case .metainfo(let metainfo) = source { entry.isPrivate = metainfo.info.isPrivate }
    entry.earlier.addedAt = wallClock()
    entry.status.totals = entry.earlier
    var item = TorrentQueue.Item()
    item.isPaused = isPaused
    take(entry, item, rank: nil)
    entry.save(source: source)
    alerts.post(.added, of: entry)
    // At once, so that whoever adds a torrent finds it running.
    review()
    // What can be read again whenever it is needed takes no memory while it rests.
    if list != nil { entry.source = nil }
    return entry
  }

  /// Takes in the torrents of the last session.
  func restore() throws {
    guard let list else { return }
    for (id, row) in try list.load().sorted(by: { $0.row.rank < $1.row.rank }) {
      guard row.hashes.wire.allSatisfy({ torrents[$0] == nil }) else { continue }
      let entry = makeEntry(id, row.hashes, row.options, nil, row.trackers)
      entry.isComplete = row.isComplete
      entry.isPrivate = row.isPrivate
      entry.earlier = row.totals
      entry.status.name = row.name
      entry.status.totals = row.totals
      entry.status.transfer.pieceCount = row.pieces.of
      entry.status.transfer.piecesDone = row.pieces.done
      entry.status.transfer.bytesWanted = Int64(clamping: row.bytes.wanted)
      entry.status.transfer.bytesDone = Int64(clamping: row.bytes.done)
      entry.status.phase = row.isPaused ? .paused : .queued
      var item = TorrentQueue.Item()
      item.isPaused = row.isPaused
      item.isForced = row.isForced
      item.isComplete = row.isComplete
      item.isAsleep = row.isComplete
      take(entry, item, rank: row.rank)
    }
    review()
  }

  private func makeEntry(
    _ id: SHA1Hash, _ hashes: InfoHashes, _ options: TorrentOptions, _ source: TorrentSource?,
    _ trackers: [[String]]
  ) -> TorrentEntry {
    TorrentEntry(
      session: self, hashes: hashes, options: options, source: source, trackers: trackers, id: id,
      peerID: PeerID(prefix: configuration.peerIDPrefix, using: &generator))
  }

  private func take(_ entry: TorrentEntry, _ item: TorrentQueue.Item, rank: Int?) {
    entries[entry.id] = entry
    queue.add(entry.id, item, rank: rank)
    register(entry)
  }

  /// Lets peers name the torrent by all of its infohashes: a magnet's metadata can bring another.
  func register(_ entry: TorrentEntry) {
    for hash in entry.hashes.wire where torrents[hash] == nil {
      torrents[hash] = entry
      if let name = EncryptedHandshake.name(of: hash) { hidden[name] = hash }
    }
  }

  /// The infohash that an encrypted handshake means by a hash of it.
  func infoHash(hidden name: SHA1Hash) -> SHA1Hash? { hidden[name] }

  /// The torrent that a handshake with this infohash means, woken if it only waits to be asked for.
  func torrent(_ infoHash: SHA1Hash) -> TorrentDriver? { torrents[infoHash]?.wake() }

  // MARK: - Going

  /// Forgets a torrent, with its files when told to; fulfilled when nothing of it is in use.
  func remove(_ entry: TorrentEntry, withFiles: Bool) -> EventLoopFuture<Void> {
    queue.remove(entry.id)
    entry.isAdmitted = false
    let source = withFiles ? entry.loadSource() : nil
    _ = entry.stopAnnouncing()
    let rested = entry.rest()
    scheduleReview()
    let bound = NIOLoopBound((self, entry), eventLoop: eventLoop)
    return rested.flatMap {
      let (session, entry) = bound.value
      guard case .metainfo(let metainfo) = source else {
        return session.eventLoop.makeSucceededVoidFuture()
      }
      return TorrentStorage.removeFiles(
        of: metainfo.info, in: entry.options.directory, resume: session.resume, pool: session.pool,
        eventLoop: session.eventLoop)
    }.always { _ in
      let (session, entry) = bound.value
      session.forget(entry)
    }
  }

  private func forget(_ entry: TorrentEntry) {
    guard entries.removeValue(forKey: entry.id) != nil else { return }
    for hash in entry.hashes.wire where torrents[hash] === entry {
      torrents[hash] = nil
      if let name = EncryptedHandshake.name(of: hash) { hidden[name] = nil }
    }
    do {
      try list?.remove(entry.id)
      try resume?.remove(entry.hashes)
    } catch {
      logger.error(
        "a torrent was not removed from the list",
        metadata: ["torrent": "\(entry.id)", "error": "\(error)"])
    }
    alerts.post(.removed, of: entry)
    entry.finish()
  }

  // MARK: - Whose turn it is

  /// Changes what the queue knows of a torrent.
  func updateQueue(_ entry: TorrentEntry, _ body: (inout TorrentQueue.Item) -> Void) {
    let before = queue[entry.id]
    queue.update(entry.id, body)
    if queue[entry.id] != before { scheduleReview() }
  }

  /// Has the queue looked at once what is being done is done.
  func scheduleReview() {
    guard !isReviewDue, !isClosed else { return }
    isReviewDue = true
    eventLoop.assumeIsolated().execute { self.review() }
  }

  /// Runs those whose turn it is, and puts the others away.
  func review() {
    isReviewDue = false
    guard !isClosed else { return }
    let admitted = queue.admitted()
    isCrowded = admitted.count < queue.order.count
    // Room is made before it is used.
    for entry in entries.values where entry.isAdmitted && !admitted.contains(entry.id) {
      entry.admit(false)
    }
    guard admitted.count > 0 else { return }
    for id in queue.order where admitted.contains(id) {
      if let entry = entries[id], !entry.isAdmitted { entry.admit(true) }
    }
  }

  /// Changes limits while the session runs.
  func setLimits(_ limits: SessionLimits) {
    self.limits = limits
    let now = NIODeadline.now()
    uploadLimiter.setRate(limits.rates.upload, at: now)
    downloadLimiter.setRate(limits.rates.download, at: now)
    queue.limits.downloads = limits.activeDownloads
    queue.limits.seeds = limits.activeSeeds
    queue.limits.all = limits.activeTorrents
    scheduleReview()
  }

  // MARK: - Running

  /// Makes the driver of a torrent and its core; nothing happens before it is started.
  func makeDriver(_ entry: TorrentEntry, _ source: TorrentSource) -> TorrentDriver {
    var configuration = TorrentConfiguration(infoHashes: entry.hashes, peerID: entry.peerID)
    configuration.listenPort = listening?.port ?? 0
    configuration.nodePort = discovery?.nodePort
    configuration.clientName = self.configuration.clientName
    configuration.maximumConnections = self.configuration.maximumConnectionsPerTorrent
    configuration.uploadSlots = self.configuration.uploadSlots
    configuration.maximumHalfOpen = self.configuration.maximumHalfOpen
    configuration.exchangesPeers = self.configuration.peerExchange && !entry.isPrivate
    configuration.superSeeding = entry.options.superSeeding
    configuration.sequential = entry.options.isSequential
    entry.seatNumber += 1
    let core = TorrentCore(
      configuration: configuration,
      strategy: self.configuration.strategies?.strategy(
        for: StrategySeat(entry, number: entry.seatNumber)),
      seed: generator.next(),
      uploadLimits: [entry.uploadLimiter, uploadLimiter],
      downloadLimits: [entry.downloadLimiter, downloadLimiter], now: .now())
    return TorrentDriver(entry: entry, core: core, source: source, logger: logger)
  }

  /// Runs an announce in its turn: many torrents do not begin to announce in the same moment.
  func scheduleAnnounce(_ body: @escaping () -> Void) -> Scheduled<Void> {
    let turn = max(nextAnnounce, .now())
    nextAnnounce = turn + Self.announceInterval
    return eventLoop.assumeIsolated().scheduleTask(deadline: turn) { body() }
  }

  private static let announceInterval: TimeAmount = .milliseconds(20)
  private static let maximumTorrents = 100_000

  /// Seconds since 1970.
  func wallClock() -> Int { Int(Date().timeIntervalSince1970) }

  /// Ends whatever tells of the torrents, once none of them runs.
  func finish() {
    for entry in entries.values { entry.finish() }
    entries = [:]
    torrents = [:]
    alerts.finish()
  }

  // MARK: - Figures

  /// What all torrents do together.
  func statistics() -> SessionStatistics {
    var sum = SessionStatistics()
    sum.torrents = entries.count
    for entry in entries.values {
      if let driver = entry.driver {
        driver.refresh()
        sum.running += 1
        sum.connections += entry.status.transfer.connections
        sum.downloadRate += entry.status.transfer.downloadRate
        sum.uploadRate += entry.status.transfer.uploadRate
      }
      sum.downloaded += Int64(clamping: entry.status.totals.downloaded)
      sum.uploaded += Int64(clamping: entry.status.totals.uploaded)
    }
    return sum
  }
}
