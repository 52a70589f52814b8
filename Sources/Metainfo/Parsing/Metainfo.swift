/// A torrent file: the info dictionary, and what stands around it.
public struct Metainfo: Sendable {
  /// What the torrent holds.
  public var info: TorrentInfo
  /// The v2 hashes of pieces that the file has; what lacks is asked of peers.
  public var pieceLayers: PieceLayers
  /// The trackers' URLs in tiers (BEP 12); without control characters, each once.
  public var trackers: [[String]]
  /// The URLs of web seeds (BEP 19); for a torrent with a folder they end in a slash.
  public var webSeeds: [String]
  /// Nodes of the DHT that know of the torrent (BEP 5).
  public var nodes: [TorrentAddress]
  /// A comment for people.
  public var comment: String?
  /// The program that made the file.
  public var createdBy: String?
  /// When the file was made, in seconds since 1970.
  public var creationDate: Int?
  /// Infohashes of torrents that may hold the same files (BEP 38).
  public var similar: [SHA1Hash]
  /// Names of collections that the torrent belongs to (BEP 38).
  public var collections: [String]

  /// A torrent with nothing around it.
  public init(info: TorrentInfo, pieceLayers: PieceLayers = PieceLayers()) {
    self.info = info
    self.pieceLayers = pieceLayers
    trackers = []
    webSeeds = []
    nodes = []
    similar = []
    collections = []
  }
}
