internal import Logging
internal import Metainfo
internal import NIOCore

extension TorrentEntry {
  /// Announces the torrent at its trackers, and where peers are found without one, until
  /// ``stopAnnouncing()``; also while it rests.
  ///
  /// Where many begin at once, each waits its turn.
  func startAnnouncing() {
    joinDiscovery()
    guard options.usesTrackers, announcer == nil, scheduledAnnounce == nil, !trackers.isEmpty else {
      return
    }
    scheduledAnnounce = session.scheduleAnnounce { [self] in
      scheduledAnnounce = nil
      if isAdmitted, !isRemoved { announce() }
    }
  }

  private func announce() {
    let tiers = trackers.map { $0.compactMap { TrackerURL($0) } }.filter { !$0.isEmpty }
    guard announcer == nil, !tiers.isEmpty else { return }
    let configuration = TrackerAnnouncer.Configuration(
      infoHashes: hashes.wire, tiers: tiers, peerID: peerID,
      port: session.listening?.port ?? 0)
    let eventLoop = session.eventLoop
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    let announcer = TrackerAnnouncer(configuration, transport: session.trackers) {
      let progress = eventLoop.submit { bound.value.progress }
      return (try? await progress.get()) ?? TrackerProgress()
    } report: { notice in
      eventLoop.execute { bound.value.trackerAnswered(notice) }
    }
    self.announcer = announcer
    announcing = eventLoop.makeFutureWithTask { await announcer.run() }
  }

  /// Tells the trackers that we leave; fulfilled when they heard, or time is up.
  @discardableResult
  func stopAnnouncing() -> EventLoopFuture<Void> {
    leaveDiscovery()
    scheduledAnnounce?.cancel()
    scheduledAnnounce = nil
    announcer?.stop()
    announcer = nil
    defer { announcing = nil }
    return announcing ?? session.eventLoop.makeSucceededVoidFuture()
  }

  /// How far the transfer has come, for trackers.
  private var progress: TrackerProgress {
    driver?.refresh()
    let figures = status.transfer
    return TrackerProgress(
      uploaded: Int(figures.uploaded), downloaded: Int(figures.downloaded),
      left: figures.pieceCount == 0 ? 1 : Int(figures.bytesWanted - figures.bytesDone))
  }

  private func trackerAnswered(_ notice: TrackerAnnouncer.Notice) {
    switch notice.result {
    case .success(let answer):
      tell(answer.warning)
      session.logger.debug(
        "tracker answered",
        metadata: ["tracker": "\(notice.tracker)", "peers": "\(answer.peers.count)"])
      // One that rests is complete: it has no use for peers that are, too.
      guard !answer.peers.isEmpty, driver != nil || answer.counts.incomplete != 0 else { return }
      wake()?.found(answer.peers, by: .tracker)
    case .failure(let failure):
      tell("\(notice.tracker): \(failure)")
      session.logger.info(
        "tracker failed", metadata: ["tracker": "\(notice.tracker)", "reason": "\(failure)"])
    }
  }

  private func tell(_ message: String?) {
    guard message != status.trackerMessage else { return }
    status.trackerMessage = message
    if let message { session.alerts.post(.tracker(message: message), of: self) }
  }
}
