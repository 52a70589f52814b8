internal import Metainfo
package import NIOCore
internal import Synchronization

// Which files are wanted, what they are called, and where they lie.
extension TorrentStorage {
  /// Sets the priority of every file; one of 0 is unwanted, and its bytes of shared pieces go to
  /// the part file unless it is on disk already.
  package func setPriorities(_ priorities: [UInt8]) -> EventLoopFuture<Void> {
    onPool(.download) {
      let files = try self.openFiles()
      let aside = self.info.files.indices.filter(files.isInPartFile)
      // Also where it fails: a file that is wanted may have been put elsewhere in part.
      defer {
        self.unsync(
          aside.filter { index in
            !files.isInPartFile(index)
              || priorities.indices.contains(index) && priorities[index] > 0
          })
      }
      try files.setPriorities(priorities)
      self.saveRecord(isDirty: true)
    }
  }

  /// Renames a file below the folder; none of the new path's elements may be empty, `.`, `..` or
  /// have a separator.
  package func rename(file: Int, to path: [String]) -> EventLoopFuture<Void> {
    onPool(.download) {
      let files = try self.openFiles()
      guard self.info.files.indices.contains(file), !self.info.files[file].isPad else {
        throw StorageError(errno: Errno.missing.number, "rename file \(file) to", "\(path)")
      }
      try files.rename(file, to: path)
      self.saveRecord(isDirty: true)
    }
  }

  /// Moves all files to another folder, across file systems too.
  ///
  /// A crash in the middle leaves every file whole in one of the folders, and the move is ended
  /// when the torrent is next opened.
  package func move(to directory: String) -> EventLoopFuture<Void> {
    onPool(.download) {
      let files = try self.openFiles()
      let target = try SafeFolder(path: directory, create: true)
      self.state.withLock { $0.record.movingTo = target.path }
      self.saveRecord(isDirty: true)
      try files.move(to: target)
      let isWhole = self.state.withLock { state in
        state.record.savePath = target.path
        state.record.movingTo = nil
        return state.have.isFull
      }
      if isWhole { try? files.makeLinks() }
      self.saveRecord(isDirty: true)
    }
  }

  /// Makes the torrent's links, when all that is wanted is there; a storage that has every piece
  /// did it by itself.
  package func finishFiles() -> EventLoopFuture<Void> {
    onPool(.download) { try self.openFiles().makeLinks() }
  }

  /// Writes what waits in memory, saves the record, and closes all files.
  ///
  /// What cannot be written now is given up, and will be fetched again.
  package func close() -> EventLoopFuture<Void> {
    let promise = eventLoop.makePromise(of: Void.self)
    cancelCheck()
    let (jobs, wasOpen) = state.withLock { state -> ([PendingPiece], Bool) in
      guard state.phase == .open else {
        state.phase = .closed
        return ([], false)
      }
      state.phase = .closing
      for piece in state.stalled {
        forget(piece, in: &state)
        state.endJob(of: piece)
      }
      state.stalled = []
      var jobs: [PendingPiece] = []
      for piece in state.pieces.values where piece.heldBytes > 0 {
        piece.mustFlush = true
        state.schedule(piece, into: &jobs)
      }
      // Run by the last job that ends, or at once.
      let last: @Sendable () -> Void = { self.pool.submit(.download) { self.end(promise) } }
      if state.jobCount == 0 { last() } else { state.whenIdle = last }
      return (jobs, true)
    }
    submit(jobs)
    if !wasOpen { promise.succeed() }
    return promise.futureResult
  }

  private func end(_ promise: EventLoopPromise<Void>) {
    saveRecord(isDirty: false)
    let files = state.withLock { state in
      state.phase = .closed
      state.pieces = [:]
      return state.files
    }
    files?.closeAll()
    promise.succeed()
  }

  /// Takes a piece from the table and gives back its memory.
  func forget(_ piece: PendingPiece, in state: inout State) {
    state.drop(piece)
    guard !piece.isScheduled || state.phase == .closing else { return }
    piece.inbox = []
    release(piece.heldBytes, of: piece, in: &state)
  }
}
