/// A torrent as its core sees it at one moment; cheap to take, free to keep.
public struct TorrentStatistics: Equatable, Sendable {
  /// What a torrent is about.
  public enum Phase: String, Sendable {
    /// Its info dictionary is yet to come from peers.
    case metadata
    /// Pieces that are wanted are missing.
    case downloading
    /// Every wanted piece is there.
    case seeding
    /// The storage cannot write or read; nothing is asked for.
    case stalled
    /// Stopped by its user.
    case paused
  }

  /// What the torrent is about.
  public var phase: Phase = .metadata
  /// Pieces of the torrent; 0 while its info is unknown.
  public var pieceCount = 0
  /// Pieces verified and written.
  public var piecesDone = 0
  /// Bytes of the pieces that are wanted.
  public var bytesWanted: Int64 = 0
  /// Bytes of the wanted pieces that are verified and written.
  public var bytesDone: Int64 = 0
  /// Payload that came from peers, in bytes, with what was wasted.
  public var downloaded: Int64 = 0
  /// Payload that went to peers, in bytes.
  public var uploaded: Int64 = 0
  /// Payload that came twice or unasked, in bytes.
  public var wasted: Int64 = 0
  /// Payload of pieces whose hash was wrong, in bytes.
  public var failed: Int64 = 0
  /// Payload from peers, in bytes a second.
  public var downloadRate: Int64 = 0
  /// Payload to peers, in bytes a second.
  public var uploadRate: Int64 = 0
  /// Peers connected.
  public var connections = 0
  /// Peers connected that have everything.
  public var seeds = 0
  /// Peers that let us ask.
  public var unchokingUs = 0
  /// Peers that may ask us.
  public var unchoked = 0
  /// Addresses known besides, that may be dialled.
  public var candidates = 0
  /// Addresses that lied and stay away.
  public var banned = 0
  /// Requests open at peers.
  public var requestsOpen = 0
  /// Requests of peers waiting here.
  public var requestsQueued = 0

  /// Nothing yet.
  public init() {}
}
