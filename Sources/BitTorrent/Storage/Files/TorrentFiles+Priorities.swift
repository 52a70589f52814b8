internal import Metainfo
internal import Synchronization

// Which files are wanted, and what of the others lies in the part file.
extension TorrentFiles {
  /// Sets the priority of each file; missing ones stay as they are.
  ///
  /// A file that is wanted again gets its bytes back from the part file. A file that is no longer
  /// wanted keeps what it has on disk, and goes on being written there.
  func setPriorities(_ priorities: [UInt8]) throws(StorageError) {
    for (index, priority) in priorities.enumerated().prefix(info.files.count)
    where hasBytes(index) {
      // No piece may be written between the look at the file and what follows from it.
      try places.alone { () throws(StorageError) in
        if priority > 0, isInPartFile(index) { try takeFromPartFile(index) }
        state.withLock { state in
          state.entries[index].priority = priority
          state.entries[index].isInPartFile = priority == 0 && state.entries[index].status == nil
        }
      }
    }
    removePartFileIfEmpty()
    try makeEmptyFiles()
  }

  /// Ends what a crash may have cut short: a wanted file has nothing in the part file.
  func repairPartFile() throws(StorageError) {
    for (index, entry) in state.withLock({ $0.entries }).enumerated() where hasBytes(index) {
      guard entry.isInPartFile, entry.priority > 0 else { continue }
      try takeFromPartFile(index)
      state.withLock { $0.entries[index].isInPartFile = false }
    }
    removePartFileIfEmpty()
  }

  private func takeFromPartFile(_ index: Int) throws(StorageError) {
    let folder = state.withLock { $0.folder }
    guard try folder.status([partFileName]) != nil else { return }
    let part = try folder.open([partFileName], .write)
    let range = info.files[index].range
    let path = state.withLock { $0.entries[index].path }
    var file: OpenFile?
    var position = range.lowerBound
    while let data = part.data(from: position, length: range.upperBound) {
      let target: OpenFile
      if let file { target = file } else { target = try folder.open(path, mode(index)) }
      file = target
      do throws(Errno) {
        try part.copy(data, to: target, at: data.lowerBound - range.lowerBound)
      } catch {
        throw StorageError(errno: error.number, "write to", folder.text(path))
      }
      position = data.upperBound
    }
    part.punchHole(range)
    let status = try folder.status(path)
    state.withLock { $0.entries[index].status = status }
  }

  private func removePartFileIfEmpty() {
    let isNeeded = state.withLock { $0.entries.contains(where: \.isInPartFile) }
    guard !isNeeded else { return }
    let folder = state.withLock { state in
      state.partFile = nil
      return state.folder
    }
    try? folder.remove([partFileName])
  }
}
