/// A connection of a torrent, for people to look at.
public struct TorrentPeer: Sendable {
  /// The other end.
  public var address: PeerAddress
  /// Who opened the connection.
  public var direction: PeerIntroduction.Direction
  /// How the peer names its program, as far as it does, fit for a terminal.
  public var client: String
  /// Pieces that it has.
  public var pieces: Int
  /// Payload that came from it on this connection, in bytes.
  public var downloaded: Int
  /// Payload that went to it on this connection, in bytes.
  public var uploaded: Int
  /// Payload from it, in bytes a second.
  public var downloadRate: Int
  /// Payload to it, in bytes a second.
  public var uploadRate: Int
  /// It has what we miss.
  public var isInteresting: Bool
  /// It lets us ask.
  public var isUnchokingUs: Bool
  /// It wants what we have.
  public var isInterested: Bool
  /// We let it ask.
  public var isUnchoked: Bool
  /// Requests open at it.
  public var requestsOpen: Int
  /// Requests of it that wait here.
  public var requestsQueued: Int
}

/// A file of a torrent, and how far it is.
public struct TorrentFileStatus: Sendable {
  /// Its number, as selections and `btt torrent show` have it.
  public var number: Int
  /// Where it lies below the torrent's folder.
  public var path: String
  /// Bytes.
  public var length: Int
  /// Bytes of it that are verified and written.
  public var done: Int
  /// How much it is wanted, from 0 (not at all) to 7 (first).
  public var priority: UInt8
}

/// Rate limits, in bytes a second; nil for none.
public struct TorrentRateLimits: Hashable, Sendable {
  /// Payload to peers.
  public var upload: Int?
  /// Payload from peers.
  public var download: Int?

  /// The given limits.
  public init(upload: Int? = nil, download: Int? = nil) {
    self.upload = upload
    self.download = download
  }

  func validate() throws(SessionError) {
    for (setting, limit) in [("uploadLimit", upload), ("downloadLimit", download)] {
      guard (16_384...1 << 50).contains(limit ?? 16_384) else {
        throw .configuration(setting: setting, bounds: "at least 16384 bytes a second")
      }
    }
  }
}
