internal import Metainfo
internal import Synchronization

extension TorrentFiles {
  /// Brings files, and the folders that name them, to the disk.
  ///
  /// Returns once they outlive a power cut; throws when they do not, or when `goesOn` says no
  /// between two files.
  func sync(_ files: [Int], while goesOn: () -> Bool) throws(StorageError) {
    var folders: Set<[String]> = []
    var usesPartFile = false
    for index in files {
      guard goesOn() else { throw .closed(text(index)) }
      let (folder, entry) = state.withLock {
        ($0.folder(of: $0.entries[index]), $0.entries[index])
      }
      if entry.isInPartFile {
        usesPartFile = true
      } else {
        try sync(entry.path, in: folder, &folders)
      }
    }
    guard usesPartFile else { return }
    try sync([partFileName], in: state.withLock { $0.folder }, &folders)
  }

  private func sync(
    _ path: [String], in folder: SafeFolder, _ synced: inout Set<[String]>
  ) throws(StorageError) {
    // Opened anew: those that peers ask for stay open. Whoever renames it need not wait for more.
    let file = try places.shared { () throws(StorageError) in try folder.open(path, .read) }
    do throws(Errno) { try file.sync() } catch {
      throw StorageError(errno: error.number, "sync", folder.text(path))
    }
    var entry = path
    while !entry.isEmpty, synced.insert(Array(entry.dropLast())).inserted {
      try folder.syncEntry(entry)
      entry.removeLast()
    }
  }
}
