internal import Metainfo
internal import NIOCore

extension TorrentDriver {
  /// Lets the core look at the time, as often as there is something to look at.
  func tick() {
    guard hasBegun, !isStopped else { return }
    let now = NIODeadline.now()
    if isBusy {
      idleSince = nil
    } else {
      let since = idleSince ?? now
      idleSince = since
      // Nobody is connected or dialled: what only time brings about can wait a little.
      slowTicks += 1
      guard slowTicks % Self.slowTickFactor == 0 else { return }
      if mayRest(since: since, now) {
        session.updateQueue(entry) { $0.isAsleep = true }
        return entry.rest().whenComplete { _ in }
      }
    }
    handle(.tick)
    lookAtMovement(now)
    ticksUntilSaved -= 1
    if ticksUntilSaved <= 0 {
      ticksUntilSaved = Self.ticksBetweenSaves
      saveFigures()
      entry.save()
    }
    entry.noticePhase()
    entry.publish()
  }

  /// A complete torrent that nobody asks anything of is put away until somebody does.
  private func mayRest(since: NIODeadline, _ now: NIODeadline) -> Bool {
    guard let delay = session.configuration.restAfter, entry.options.peers.isEmpty else {
      return false
    }
    // Where others wait for the place, it is given up at once.
    return phase == .seeding
      && (session.isCrowded && entry.status.isSynced || now - since >= delay)
  }

  // A torrent in which nothing moves uses up no place in the queue.
  private func lookAtMovement(_ now: NIODeadline) {
    let total = core.movedBytes
    if total != lastMoved.total || lastMoved.at == .distantPast { lastMoved = (total, now) }
    let isIdle = now - lastMoved.at >= Self.idleTime
    if isIdle != session.queue[entry.id]?.isIdle {
      session.updateQueue(entry) { $0.isIdle = isIdle }
    }
  }

  private static let slowTickFactor = 10
  private static let ticksBetweenSaves = 120
  private static let idleTime: TimeAmount = .seconds(60)

  /// What the torrent is about.
  var phase: TorrentStatus.Phase {
    if let failure { return .failed(failure) }
    guard hasBegun, !isOpening else { return .checking }
    switch core.phase {
    case .metadata: return .metadata
    case .downloading: return .downloading
    case .seeding: return .seeding
    case .stalled, .paused: return storageError.map { .stalled($0) } ?? .downloading
    }
  }

  /// Puts how the torrent stands in its status.
  func refresh() {
    let now = NIODeadline.now()
    let known = entry.status.transfer
    var transfer = core.statistics(at: now)
    if core.info == nil {
      // Until the files are open, what was known before is the best there is.
      transfer.pieceCount = known.pieceCount
      transfer.piecesDone = known.piecesDone
      transfer.bytesWanted = known.bytesWanted
      transfer.bytesDone = known.bytesDone
    }
    entry.status.transfer = transfer
    var totals = entry.earlier
    totals.downloaded += Int(transfer.downloaded)
    totals.uploaded += Int(transfer.uploaded)
    totals.activeSeconds += Int((now - entry.runningSince).nanoseconds / 1_000_000_000)
    entry.status.totals = totals
    entry.status.bottleneck = core.bottleneck(at: now, storageWork: storage?.work)
  }

  /// Every wanted piece is verified and written.
  func completed() {
    refresh()
    // Trackers count those who completed a download, not those who began with all.
    if !entry.isComplete { entry.announcer?.complete() }
    let isNews = !entry.isComplete
    entry.completenessChanged(to: true)
    entry.noticePhase()
    session.discovery?.completed(entry)
    if isNews { session.alerts.post(.completed, of: entry) }
    entry.publish()
    saveFigures()
    syncSoon()
  }

  /// Tells of the files that these pieces made whole.
  func tellFiles(with pieces: [Int]) {
    guard session.alerts.hasListeners, let info else { return }
    var told: Set<Int> = []
    for piece in pieces {
      for segment in info.layout.segments(ofPiece: piece) {
        guard let file = segment.file, told.insert(file).inserted,
          core.hasAll(info.layout.pieces(of: info.files[file]))
        else { continue }
        session.alerts.post(
          .fileCompleted(index: file, path: info.files[file].relativePath), of: entry)
      }
    }
  }

  /// Puts what was moved in all sessions in the record.
  func saveFigures() {
    guard let storage else { return }
    refresh()
    let totals = entry.status.totals
    storage.updateRecord { record in
      record.downloaded = totals.downloaded
      record.uploaded = totals.uploaded
      record.activeSeconds = totals.activeSeconds
      record.addedAt = totals.addedAt
      record.completedAt = totals.completedAt
    }
  }
}
