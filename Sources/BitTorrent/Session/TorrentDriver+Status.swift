internal import NIOCore

extension TorrentDriver {
  /// Lets the core look at the time, and tells how the torrent stands.
  func tick() {
    guard hasBegun, !isStopped else { return }
    handle(.tick)
    ticksUntilSaved -= 1
    if ticksUntilSaved <= 0 {
      ticksUntilSaved = 60
      saveFigures()
    }
    publish()
  }

  /// Tells how the torrent stands now.
  func publish() {
    guard !isStopped else { return }
    status.transfer = core.statistics(at: .now())
    if hasBegun {
      status.phase =
        switch status.transfer.phase {
        case .metadata: status.checked == nil ? .metadata : .checking
        case .downloading: .downloading
        case .seeding: .seeding
        case .stalled, .paused: storageError.map { .stalled($0) } ?? .downloading
        }
    }
    updates.yield(status)
  }

  /// Every wanted piece is verified and written.
  func completed() {
    publish()
    announcer?.complete()
    session.discovery?.completed(self)
    saveFigures()
    syncSoon()
  }

  /// Puts what was moved in all sessions in the record.
  func saveFigures() {
    guard let storage else { return }
    let figures = core.statistics(at: .now())
    let (downloaded, uploaded) = earlier
    storage.updateRecord { record in
      record.downloaded = downloaded + Int(figures.downloaded)
      record.uploaded = uploaded + Int(figures.uploaded)
    }
  }
}
