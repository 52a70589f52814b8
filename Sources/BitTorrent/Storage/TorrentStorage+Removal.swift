package import Metainfo
package import NIOCore
internal import Synchronization

// Removing a torrent's files.
extension TorrentStorage {
  /// Removes the files of a torrent that is not open, and the folders that are empty then.
  ///
  /// Nothing is followed that is a link, and what does not belong to the torrent stays.
  package static func removeFiles(
    of info: TorrentInfo, in directory: String, resume: ResumeStore?, pool: DiskPool,
    eventLoop: any EventLoop
  ) -> EventLoopFuture<Void> {
    let promise = eventLoop.makePromise(of: Void.self)
    pool.submit(.download) {
      promise.completeWith(
        Result {
          let record = try? resume?.load(info.hashes)
          guard let folder = try existing(directory) else { return }
          let files = TorrentFiles(
            info, StorageConfiguration(directory: directory), folder: folder)
          try files.removeAll(renamed: record?.files.map(\.renamedTo) ?? [])
        })
    }
    return promise.futureResult
  }

  private static func existing(_ directory: String) throws(StorageError) -> SafeFolder? {
    do {
      return try SafeFolder(path: directory, create: false)
    } catch {
      guard error.code == .missing else { throw error }
      return nil
    }
  }
}

extension TorrentFiles {
  /// Removes every file and link of the torrent, and its part file.
  func removeAll(renamed: [[String]?]) throws(StorageError) {
    let folder = state.withLock { $0.folder }
    for (index, file) in info.files.enumerated() where !file.isPad {
      let path = renamed.indices.contains(index) ? renamed[index] ?? file.path : file.path
      try folder.remove(path)
    }
    try folder.remove([partFileName])
  }
}
