internal import Logging
internal import Metainfo
internal import NIOCore

// Running and resting.
extension TorrentEntry {
  /// Does what the queue says.
  func admit(_ isAdmitted: Bool) {
    self.isAdmitted = isAdmitted
    switch activity {
    case .resting:
      if isAdmitted, !isComplete {
        _ = wake()
      } else if isAdmitted {
        startAnnouncing()
      } else {
        stopAnnouncing()
      }
    case .running:
      if !isAdmitted {
        stopAnnouncing()
        rest()
      }
    case .ending: if !isAdmitted { stopAnnouncing() }
    }
    noticePhase()
  }

  /// Makes the driver; nil where that cannot be, or not now.
  func wake() -> TorrentDriver? {
    switch activity {
    case .running(let driver): return driver
    case .ending: return nil
    case .resting: break
    }
    guard isAdmitted, !isRemoved, !session.isClosed, let source = loadSource() else { return nil }
    let driver = session.makeDriver(self, source)
    session.updateQueue(self) { $0.isAsleep = false }
    activity = .running(driver)
    failure = nil
    driver.waitingPeers = [(waitingPeers, .user)]
    waitingPeers = []
    runningSince = .now()
    session.began(driver)
    driver.start()
    noticePhase()
    return driver
  }

  /// Puts the driver away: connections end, files are closed, and the record is saved.
  @discardableResult
  func rest() -> EventLoopFuture<Void> {
    let eventLoop = session.eventLoop
    switch activity {
    case .resting: return eventLoop.makeSucceededVoidFuture()
    case .ending(let ended): return ended
    case .running(let driver):
      let ended = driver.stop()
      session.ended(driver)
      earlier = status.totals
      forgetMoment()
      activity = .ending(ended)
      save()
      ended.assumeIsolated().whenComplete { _ in self.rested() }
      return ended
    }
  }

  private func rested() {
    activity = .resting
    guard !isRemoved else { return }
    noticePhase()
    // What was wanted meanwhile is done now.
    if isAdmitted, !isComplete || !waitingPeers.isEmpty { _ = wake() }
    publish()
  }

  // What only holds while it runs.
  private func forgetMoment() {
    status.checked = nil
    status.bottleneck = nil
    var transfer = TorrentStatistics()
    transfer.phase = status.transfer.phase
    transfer.pieceCount = status.transfer.pieceCount
    transfer.piecesDone = status.transfer.piecesDone
    transfer.bytesWanted = status.transfer.bytesWanted
    transfer.bytesDone = status.transfer.bytesDone
    transfer.downloaded = status.transfer.downloaded
    transfer.uploaded = status.transfer.uploaded
    status.transfer = transfer
  }

  /// What it was added from, read again where it is not in memory.
  func loadSource() -> TorrentSource? {
    if let source { return source }
    do {
      if let source = try session.list?.source(of: id) { return source }
      fail("its metainfo is not in the session's state; remove it and add it again")
    } catch {
      fail("its metainfo cannot be read: \(error)")
    }
    return nil
  }

  private func fail(_ reason: String) {
    failure = StorageError(.missing, path: session.configuration.stateDirectory ?? "", reason)
    noticePhase()
    session.logger.error(
      "a torrent cannot be opened", metadata: ["torrent": "\(id)", "reason": "\(reason)"])
  }

  // MARK: - News of the driver

  /// The info dictionary came from peers: from now on the torrent is opened by it.
  func metadataArrived(_ metainfo: Metainfo) {
    hashes = metainfo.info.hashes
    isPrivate = metainfo.info.isPrivate
    status.name = metainfo.info.name
    session.register(self)
    if isAdmitted { joinDiscovery() }
    for hash in hashes.wire { announcer?.add(hash) }
    if session.list == nil { source = .metainfo(metainfo) }
    save(source: .metainfo(metainfo))
    session.alerts.post(.metadata, of: self)
  }

  /// Piece layers came from peers: once none is missing, nobody needs to be asked again.
  func layersArrived(_ layers: PieceLayers, of info: TorrentInfo) {
    guard layers.missingRoots(in: info).isEmpty else { return }
    var metainfo = Metainfo(info: info, pieceLayers: layers)
    metainfo.trackers = trackers
    if session.list == nil { source = .metainfo(metainfo) }
    save(source: .metainfo(metainfo))
  }

  /// What a resume record knows of earlier sessions.
  func take(_ record: ResumeRecord) {
    earlier.downloaded = max(earlier.downloaded, record.downloaded)
    earlier.uploaded = max(earlier.uploaded, record.uploaded)
    earlier.activeSeconds = max(earlier.activeSeconds, record.activeSeconds)
    if record.addedAt > 0 { earlier.addedAt = min(earlier.addedAt, record.addedAt) }
    earlier.completedAt = earlier.completedAt ?? record.completedAt
  }

  /// All that is wanted is there, or no longer is.
  func completenessChanged(to isComplete: Bool) {
    guard isComplete != self.isComplete else { return }
    self.isComplete = isComplete
    if isComplete, status.totals.completedAt == nil {
      earlier.completedAt = session.wallClock()
      status.totals.completedAt = earlier.completedAt
    }
    session.updateQueue(self) { $0.isComplete = isComplete }
    save()
  }
}
