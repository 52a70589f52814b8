/// How a torrent of a session stands at one moment.
public struct TorrentStatus: Sendable {
  /// What a torrent is about.
  public enum Phase: Hashable, Sendable {
    /// The files that are there are looked at; what no record vouches for is hashed.
    case checking
    /// The info dictionary is yet to come from peers.
    case metadata
    /// Pieces that are wanted are missing.
    case downloading
    /// Every wanted piece is verified and written.
    case seeding
    /// The disk cannot be written or read; the torrent goes on by itself once it can.
    case stalled(StorageError)
    /// The torrent cannot go on.
    case failed(StorageError)
    /// The torrent has ended.
    case stopped
  }

  /// What the torrent is about.
  public var phase: Phase = .checking
  /// The torrent's name; nil while its info dictionary is unknown.
  public var name: String?
  /// Whether all that is wanted outlives a power cut: so some seconds after it is complete.
  public var isSynced = false
  /// Pieces looked at of those to look at, while checking.
  public var checked: (done: Int, of: Int)?
  /// Pieces that no record vouched for and that were hashed at the start.
  public var piecesHashedAtStart = 0
  /// Bytes received, sent, wanted and done, and the peers.
  public var transfer = TorrentStatistics()
  /// The last word of each tracker that failed.
  public var trackerMessage: String?

  /// A torrent that was just added.
  public init() {}

  /// The seconds until all that is wanted is here at the rate of now; nil where nothing comes.
  public var secondsLeft: Int64? {
    let left = transfer.bytesWanted - transfer.bytesDone
    if left <= 0 { return 0 }
    return transfer.downloadRate > 0 ? left / transfer.downloadRate : nil
  }
}
