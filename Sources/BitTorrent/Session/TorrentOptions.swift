public import Metainfo

/// What is wanted of one torrent.
public struct TorrentOptions: Sendable {
  /// How much some of the files are wanted.
  public struct FilePriority: Hashable, Sendable {
    /// The files.
    public var files: FileSelection
    /// From 0 (not at all) to 7 (first).
    public var priority: UInt8

    /// A priority of files; more than 7 counts as 7.
    public init(_ files: FileSelection, _ priority: UInt8) {
      self.files = files
      self.priority = min(priority, 7)
    }
  }

  /// The folder that the torrent's file or folder lies in, or is to be put in.
  public var directory: String
  /// Addresses of peers to dial, beside those that trackers name.
  public var peers: [PeerAddress] = []
  /// The files that are wanted; nil: those that a magnet link says, or all.
  public var selection: FileSelection?
  /// Files that are wanted more or less than usual; where several fit, the last one counts.
  public var priorities: [FilePriority] = []
  /// Fetch pieces in order instead of the rarest first.
  public var isSequential = false
  /// Files get all their room on disk when they are created, instead of growing.
  public var preallocates = false
  /// Payload to peers, in bytes a second, at least 16,384; nil for no limit but the session's.
  public var uploadLimit: Int?
  /// Payload from peers, in bytes a second, at least 16,384; nil for no limit but the session's.
  public var downloadLimit: Int?
  /// Show each peer other pieces while this is the only seed, so that the first copy that is
  /// elsewhere costs little more than one to send (BEP 16).
  public var superSeeding = false
  /// Announce to the torrent's trackers.
  public var usesTrackers = true

  /// All files, rarest pieces first, in a folder.
  public init(directory: String) { self.directory = directory }

  /// Checks the bounds.
  ///
  /// - Throws: `SessionError.configuration`, which names the first setting that is wrong.
  public func validate() throws(SessionError) {
    try TorrentRateLimits(upload: uploadLimit, download: downloadLimit).validate()
    guard !directory.isEmpty else {
      throw .configuration(setting: "directory", bounds: "a folder's path")
    }
  }
}

extension TorrentOptions {
  /// How much a file is wanted where nothing is said.
  static let usualPriority: UInt8 = 4

  /// How much each file is wanted, in the order of the info's files; nil when all are alike.
  func filePriorities(of info: TorrentInfo, linkSelection: FileSelection?) -> [UInt8]? {
    let selection = selection ?? linkSelection
    guard selection != nil || !priorities.isEmpty else { return nil }
    var wanted = [UInt8](
      repeating: selection == nil ? Self.usualPriority : 0, count: info.files.count)
    for file in selection.map(info.files(selectedBy:)) ?? [] { wanted[file] = Self.usualPriority }
    for entry in priorities {
      for file in info.files(selectedBy: entry.files) { wanted[file] = entry.priority }
    }
    return wanted
  }
}

extension TorrentInfo {
  /// How much each piece is wanted: as much as the most wanted file that it has bytes of.
  func piecePriorities(ofFiles priorities: [UInt8]) -> [UInt8] {
    var wanted = [UInt8](repeating: 0, count: layout.pieceCount)
    for (file, priority) in zip(files, priorities) where file.length > 0 && !file.isPad {
      for piece in layout.pieces(of: file) { wanted[piece] = max(wanted[piece], priority) }
    }
    return wanted
  }
}
