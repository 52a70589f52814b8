/// What is wanted of one torrent.
public struct TorrentOptions: Sendable {
  /// The folder that the torrent's file or folder lies in, or is to be put in.
  public var directory: String
  /// Addresses of peers to dial, beside those that trackers name.
  public var peers: [PeerAddress] = []
  /// How much each file is wanted, 0 (not at all) to 7, in the torrent's order; nil: all alike.
  public var filePriorities: [UInt8]?
  /// Fetch pieces in order instead of the rarest first.
  public var isSequential = false
  /// Files get all their room on disk when they are created, instead of growing.
  public var preallocates = false
  /// Payload to peers, in bytes a second, at least 16,384; nil for no limit but the session's.
  public var uploadLimit: Int?
  /// Payload from peers, in bytes a second, at least 16,384; nil for no limit but the session's.
  public var downloadLimit: Int?
  /// Announce to the torrent's trackers.
  public var usesTrackers = true

  /// All files, rarest pieces first, in a folder.
  public init(directory: String) { self.directory = directory }
}
