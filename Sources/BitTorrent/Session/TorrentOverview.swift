public import Metainfo

/// A torrent of a session: how it stands, and what is wanted of it.
public struct TorrentOverview: Sendable {
  /// The infohash that names it in the session.
  public var id: SHA1Hash
  /// The infohashes that are known.
  public var hashes: InfoHashes
  /// Its place in the queue, from 0.
  public var position: Int
  /// Whether it runs whatever the limits.
  public var isForced: Bool
  /// What is wanted of it.
  public var options: TorrentOptions
  /// How it stands.
  public var status: TorrentStatus

  init(_ entry: TorrentEntry) {
    id = entry.id
    hashes = entry.hashes
    position = entry.session.queue.position(of: entry.id) ?? 0
    isForced = entry.session.queue[entry.id]?.isForced ?? false
    options = entry.options
    status = entry.refreshed()
  }
}

extension TorrentEntry {
  /// Its files, as far as they are known.
  func fileDetails() throws(SessionError) -> [TorrentFileStatus] {
    let info: TorrentInfo
    if let known = driver?.info {
      info = known
    } else if case .metainfo(let metainfo) = loadSource() {
      info = metainfo.info
    } else {
      throw .noMetadata(id.hex)
    }
    let priorities = options.filePriorities(of: info, linkSelection: nil)
    let done =
      driver.flatMap { $0.core.info == nil ? nil : $0.core.bytesDone(ofFilesOf: info) }
      ?? info.files.map { isComplete ? $0.length : 0 }
    return info.numberedFiles.enumerated().compactMap { number, index in
      let file = info.files[index]
      guard !file.isPad else { return nil }
      let priority = priorities?[index] ?? TorrentOptions.usualPriority
      return TorrentFileStatus(
        number: number, path: file.relativePath, length: file.length, done: done[index],
        priority: priority)
    }
  }

  /// Takes over priorities of files.
  func setPriorities(_ priorities: [TorrentOptions.FilePriority]) throws(SessionError) {
    let combined = options.priorities + priorities
    // What is said again and again is kept once.
    options.priorities = combined.enumerated().filter { index, entry in
      !combined[(index + 1)...].contains { $0.files == entry.files }
    }.map(\.element)
    guard options.priorities.count <= Self.priorityLimit else {
      options.priorities.removeLast(priorities.count)
      throw .configuration(
        setting: "priorities", bounds: "at most \(Self.priorityLimit) groups of files")
    }
    if let driver {
      driver.prioritiesChanged()
    } else {
      // Whether all that is wanted is there is found out when it runs.
      isComplete = false
      session.updateQueue(self) {
        $0.isComplete = false
        $0.isAsleep = false
      }
      // Awake again if it was admitted only to sleep.
      if isAdmitted { _ = wake() }
    }
    save()
  }

  /// Lets a torrent that could not go on try again.
  func retryIfFailed() {
    guard driver?.failure != nil else { return }
    completenessChanged(to: false)
    rest()
  }

  private static let priorityLimit = 1_000
}
