internal import Logging
internal import Metainfo
internal import NIOCore

extension TorrentDriver {
  /// Announces the torrent at its trackers, until ``stopAnnouncing()``.
  func startAnnouncing() {
    let tiers = source.trackers.map { $0.compactMap { TrackerURL($0) } }.filter { !$0.isEmpty }
    guard options.usesTrackers, announcer == nil, !tiers.isEmpty else { return }
    let configuration = TrackerAnnouncer.Configuration(
      infoHashes: hashes.wire, tiers: tiers, peerID: core.configuration.peerID,
      port: core.configuration.listenPort)
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
  func stopAnnouncing() -> EventLoopFuture<Void> {
    announcer?.stop()
    return announcing ?? session.eventLoop.makeSucceededVoidFuture()
  }

  /// How far the transfer has come, for trackers.
  private var progress: TrackerProgress {
    let figures = core.statistics(at: .now())
    return TrackerProgress(
      uploaded: Int(figures.uploaded), downloaded: Int(figures.downloaded),
      left: info == nil ? 1 : Int(figures.bytesWanted - figures.bytesDone))
  }

  private func trackerAnswered(_ notice: TrackerAnnouncer.Notice) {
    switch notice.result {
    case .success(let answer):
      status.trackerMessage = answer.warning
      logger.debug(
        "tracker answered",
        metadata: ["tracker": "\(notice.tracker)", "peers": "\(answer.peers.count)"])
      if !answer.peers.isEmpty { handle(.peersFound(answer.peers, .tracker)) }
    case .failure(let failure):
      status.trackerMessage = "\(notice.tracker): \(failure)"
      logger.info(
        "tracker failed", metadata: ["tracker": "\(notice.tracker)", "reason": "\(failure)"])
    }
  }
}
