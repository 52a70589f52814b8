package import Metainfo
internal import Primitives

/// What a session keeps of a torrent from one run to the next, beside its resume record and its
/// metainfo: enough to tell how it stands without opening it.
package struct TorrentRow: Equatable, Sendable {
  /// The torrent's infohashes.
  package var hashes: InfoHashes
  /// What is wanted of it.
  package var options: TorrentOptions
  /// Its place in the queue, relative to others'.
  package var rank = 0
  /// The user wants it to rest.
  package var isPaused = false
  /// The user wants it to run, whatever the limits.
  package var isForced = false
  /// All that is wanted is verified and written.
  package var isComplete = false
  /// Only its trackers may know of it.
  package var isPrivate = false
  /// Its name, once it is known.
  package var name: String?
  /// Its trackers, in tiers.
  package var trackers: [[String]] = []
  /// What it did in all sessions.
  package var totals = TorrentStatus.Totals()
  /// Pieces of it, and those that are verified and written.
  package var pieces = (done: 0, of: 0)
  /// Bytes that are wanted, and those that are verified and written.
  package var bytes = (done: 0, wanted: 0)

  /// A torrent that was just added.
  package init(hashes: InfoHashes, options: TorrentOptions) {
    self.hashes = hashes
    self.options = options
  }

  /// Whether both say the same.
  package static func == (one: TorrentRow, other: TorrentRow) -> Bool {
    one.encoded == other.encoded
  }
}

// The bytes of a row: like a resume record, numbers in their shortest form, flags that mean
// nothing unset.
extension TorrentRow {
  private static let version: UInt8 = 1

  /// The row in bytes.
  package var encoded: [UInt8] {
    var writer = ResumeWriter()
    writer.append(byte: Self.version)
    writer.append(
      flags: hashes.v1 != nil, hashes.v2 != nil, isPaused, isForced, isComplete, name != nil,
      totals.completedAt != nil, options.selection != nil)
    writer.append(
      flags: options.isSequential, options.preallocates, options.usesTrackers,
      options.uploadLimit != nil, options.downloadLimit != nil, options.superSeeding,
      isPrivate)
    if let hash = hashes.v1 { writer.append(raw: hash.bytes) }
    if let hash = hashes.v2 { writer.append(raw: hash.bytes) }
    writer.append(rank)
    writer.append(options.directory)
    if let name { writer.append(name) }
    if let selection = options.selection { writer.append(selection.description) }
    writer.append(options.priorities.count)
    for entry in options.priorities {
      writer.append(entry.files.description)
      writer.append(byte: entry.priority)
    }
    writer.append(options.peers.count)
    for peer in options.peers { writer.append(peer.description) }
    for limit in [options.uploadLimit, options.downloadLimit] {
      if let limit { writer.append(limit) }
    }
    writer.append(trackers.count)
    for tier in trackers {
      writer.append(tier.count)
      for tracker in tier { writer.append(tracker) }
    }
    for number in [
      totals.downloaded, totals.uploaded, totals.activeSeconds, totals.addedAt, pieces.done,
      pieces.of, bytes.done, bytes.wanted,
    ] { writer.append(number) }
    if let completedAt = totals.completedAt { writer.append(completedAt) }
    return writer.bytes
  }

  /// Reads a row.
  package init(decoding bytes: [UInt8]) throws(ResumeRecordError) {
    var reader = ResumeReader(bytes)
    let version = try reader.byte()
    guard version == Self.version else { throw .unsupportedVersion(version) }
    let flags = try reader.flags(8)
    let more = try reader.flags(7)
    let v1 = flags & 1 == 0 ? nil : SHA1Hash(try reader.view(20))
    let v2 = flags & 2 == 0 ? nil : Hash256(try reader.view(32))
    hashes = InfoHashes(v1: v1, v2: v2)
    rank = try reader.integer()
    options = TorrentOptions(directory: try reader.text())
    name = flags & 32 == 0 ? nil : try reader.text()
    if flags & 128 != 0 { options.selection = try reader.selection() }
    for _ in 0..<(try reader.count(ofAtLeast: 2)) {
      let files = try reader.selection()
      options.priorities.append(.init(files, try reader.byte()))
    }
    for _ in 0..<(try reader.count()) {
      guard let peer = PeerAddress(try reader.text()) else { throw .outOfRange }
      options.peers.append(peer)
    }
    if more & 8 != 0 { options.uploadLimit = try reader.integer() }
    if more & 16 != 0 { options.downloadLimit = try reader.integer() }
    for _ in 0..<(try reader.count()) {
      var tier: [String] = []
      for _ in 0..<(try reader.count()) { tier.append(try reader.text()) }
      trackers.append(tier)
    }
    totals.downloaded = try reader.integer()
    totals.uploaded = try reader.integer()
    totals.activeSeconds = try reader.integer()
    totals.addedAt = try reader.integer()
    pieces = (try reader.integer(), try reader.integer())
    self.bytes = (try reader.integer(), try reader.integer())
    totals.completedAt = flags & 64 == 0 ? nil : try reader.integer()
    isPaused = flags & 4 != 0
    isForced = flags & 8 != 0
    isComplete = flags & 16 != 0
    options.isSequential = more & 1 != 0
    options.preallocates = more & 2 != 0
    options.usesTrackers = more & 4 != 0
    options.superSeeding = more & 32 != 0
    isPrivate = more & 64 != 0
    guard reader.isAtEnd else { throw .trailingBytes }
  }
}

extension ResumeReader {
  fileprivate mutating func selection() throws(ResumeRecordError) -> FileSelection {
    guard let selection = FileSelection(try text()) else { throw .outOfRange }
    return selection
  }
}
