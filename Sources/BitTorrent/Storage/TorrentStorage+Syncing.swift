internal import Metainfo
package import NIOCore
internal import Synchronization

// What outlives a power cut, and so need not be hashed when the machine was started anew.
extension TorrentStorage {
  /// Makes all that is verified outlive a power cut, and says so in the record; may take long.
  ///
  /// The work is done by `pool` where one is given, so that nothing waits behind it.
  package func sync(on pool: DiskPool? = nil) -> EventLoopFuture<Void> {
    let isSynced = state.withLock { $0.phase == .open && $0.have == $0.record.synced }
    guard !isSynced else { return eventLoop.makeSucceededVoidFuture() }
    return onPool(.check, of: pool) {
      let files = try self.openFiles()
      try self.syncs.withLock { _ in
        let pieces = self.state.withLock { state in
          state.syncing = state.have
          return state.have.subtracting(state.record.synced)
        }
        try files.sync(self.files(files, of: pieces)) {
          self.state.withLock { $0.phase == .open }
        }
        self.state.withLock { state in
          // What was lost or put elsewhere meanwhile is not among them any more.
          state.syncing.forEachSet { state.record.synced.insert($0) }
        }
      }
      self.saveRecord(isDirty: true, sync: true)
    }
  }

  /// Notes that the bytes of files were put elsewhere, and are not known to be on the disk.
  func unsync(_ files: [Int]) {
    state.withLock { state in
      for file in files {
        for piece in info.layout.pieces(of: info.files[file]) { state.unsync(piece) }
      }
    }
  }

  /// The files that have bytes of pieces.
  private func files(_ files: TorrentFiles, of pieces: Bitfield) -> [Int] {
    info.files.indices.filter { index in
      files.hasBytes(index) && info.files[index].length > 0
        && info.layout.pieces(of: info.files[index]).contains { pieces[$0] }
    }
  }
}

extension TorrentStorage.State {
  /// Notes that a piece's bytes are not known to be on the disk, whatever is being brought there.
  mutating func unsync(_ piece: Int) {
    record.synced.remove(piece)
    syncing.remove(piece)
  }
}

extension Bitfield {
  fileprivate func subtracting(_ other: Bitfield) -> Bitfield {
    var rest = self
    other.forEachSet { rest.remove($0) }
    return rest
  }
}
