internal import Logging
internal import NIOCore

/// How far a torrent's files are on their way to the disk.
struct FileSync {
  /// Begins it.
  var start: Scheduled<Void>?
  /// Fulfilled when it is done, well or not.
  var end: EventLoopFuture<Void>?
  /// Counts what was asked for: a sync that began before the last of it is not the last word.
  var generation = 0
}

extension TorrentDriver {
  /// Has the files brought to the disk in a while: peers that want them now go first.
  func syncSoon() {
    fileSync.start?.cancel()
    fileSync.generation += 1
    entry.status.isSynced = false
    fileSync.start = session.eventLoop.assumeIsolated().scheduleTask(
      in: session.configuration.syncDelay
    ) { [weak self] in self?.syncFiles() }
  }

  private func syncFiles() {
    guard !isStopped, let storage else { return }
    let generation = fileSync.generation
    fileSync.end = storage.sync(on: session.syncPool).assumeIsolated().map {
      guard generation == self.fileSync.generation else { return }
      self.entry.status.isSynced = true
      self.entry.publish()
    }.flatMapErrorThrowing { error in
      guard !self.isStopped else { return }
      self.logger.warning(
        "the files may not outlive a power cut; after one they are hashed again",
        metadata: ["error": "\(error)"])
    }.nonisolated()
  }

  /// Begins it no more; fulfilled when what has begun is over.
  func endSync() -> EventLoopFuture<Void> {
    fileSync.start?.cancel()
    return fileSync.end ?? session.eventLoop.makeSucceededVoidFuture()
  }
}
