internal import Metainfo
internal import Synchronization

// Files that change their names and places.
extension TorrentFiles {
  /// Renames a file below the folder.
  func rename(_ index: Int, to path: [String]) throws(StorageError) {
    try places.alone { () throws(StorageError) in
      let (folder, entry) = state.withLock { ($0.folder, $0.entries[index]) }
      guard entry.path != path else { return }
      let isTaken = state.withLock { state in state.entries.contains { $0.path == path } }
      guard !isTaken, try folder.status(path) == nil else {
        throw StorageError(errno: Errno.exists.number, "rename to", folder.text(path))
      }
      if entry.status != nil { _ = try folder.rename(entry.path, to: path, in: folder) }
      state.withLock { $0.entries[index].path = path }
    }
  }

  /// Says that a move to a folder was cut short, so that files are looked for in both.
  func resumeMove(to target: SafeFolder) { state.withLock { $0.newFolder = target } }

  /// Moves every file to another folder.
  ///
  /// Each file is in one of the folders, whole, at every moment: within a file system it is
  /// renamed, across it is copied under another name, brought to the disk and only then renamed.
  /// So a move that was cut short is ended by calling this again.
  func move(to target: SafeFolder) throws(StorageError) {
    let names = try startMoving(to: target)
    for (index, path) in names {
      try places.alone { () throws(StorageError) in
        let folder = state.withLock { state in
          state.pool.remove(index ?? -1)
          if index == nil { state.partFile = nil }
          return state.folder
        }
        if try folder.status(path) != nil { try moveFile(path, from: folder, to: target) }
        guard let index else { return }
        // A copy has a time of its own.
        let status = try target.status(path)
        state.withLock { state in
          state.entries[index].isMoved = true
          if hasBytes(index) { state.entries[index].status = status }
        }
      }
    }
    places.alone {
      state.withLock { state in
        state.folder = target
        state.newFolder = nil
        for index in state.entries.indices { state.entries[index].isMoved = false }
        state.partFile = nil
        state.pool.removeAll()
      }
    }
  }

  /// The files that have to move, the part file last; throws when the target has one of them.
  private func startMoving(to target: SafeFolder) throws(StorageError) -> [(Int?, [String])] {
    let (folder, entries) = state.withLock { ($0.folder, $0.entries) }
    var names: [(Int?, [String])] = []
    for (index, entry) in entries.enumerated() where !info.files[index].isPad {
      if !entry.isMoved { names.append((index, entry.path)) }
    }
    names.append((nil, [partFileName]))
    for (_, path) in names {
      guard try folder.status(path) != nil, try target.status(path) != nil else { continue }
      throw StorageError(errno: Errno.exists.number, "move to", target.text(path))
    }
    state.withLock { $0.newFolder = target }
    return names
  }

  private func moveFile(
    _ path: [String], from folder: SafeFolder, to target: SafeFolder
  ) throws(StorageError) {
    if try folder.rename(path, to: path, in: target) { return }
    let status = try folder.status(path)
    guard let status, status.isRegular else {
      // A link is made anew: what it leads to moves with it.
      return try folder.remove(path)
    }
    var copyPath = path
    copyPath.append((copyPath.popLast() ?? "") + ".moving")
    let old = try folder.open(path, .read)
    let new = try target.open(copyPath, .create(executable: false))
    do throws(Errno) {
      try new.truncate(to: 0)
      var position = 0
      while let data = old.data(from: position, length: status.length) {
        try old.copy(data, to: new, at: data.lowerBound)
        position = data.upperBound
      }
      try new.truncate(to: status.length)
      try new.copyPermissions(of: old)
      try new.sync()
    } catch {
      try? target.remove(copyPath)
      throw StorageError(errno: error.number, "copy \(folder.text(path)) to", target.text(path))
    }
    _ = try target.rename(copyPath, to: path, in: target)
    try target.syncEntry(path)
    try folder.remove(path)
  }
}
