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
    /// The user wants it to rest.
    case paused
    /// It waits until torrents before it need no place any more.
    case queued
    /// The torrent has ended.
    case stopped
  }

  /// What a torrent did in all sessions.
  public struct Totals: Hashable, Sendable {
    /// Payload received, in bytes.
    public var downloaded = 0
    /// Payload sent, in bytes.
    public var uploaded = 0
    /// Seconds in which it ran.
    public var activeSeconds = 0
    /// When it was added, in seconds since 1970.
    public var addedAt = 0
    /// When all that is wanted was first there, in seconds since 1970; nil when it never was.
    public var completedAt: Int?

    /// Nothing yet.
    public init() {}
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
  /// What it did in all sessions.
  public var totals = Totals()
  /// Why it is not faster, while it downloads.
  public var bottleneck: TorrentBottleneck?
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

  /// Bytes sent for each byte that was received, or that is there where none was received; nil for
  /// a torrent of which nothing is there.
  public var ratio: Double? {
    let base = totals.downloaded > 0 ? totals.downloaded : Int(transfer.bytesDone)
    return base > 0 ? Double(totals.uploaded) / Double(base) : nil
  }
}

/// The one thing that keeps a download from being faster.
public enum TorrentBottleneck: String, Sendable, CaseIterable {
  /// No peer is connected that has what is missing.
  case noneFound
  /// Peers have what is missing, and none lets us ask.
  case choked
  /// Those that let us ask send no faster.
  case peers
  /// A rate limit of the torrent or the session.
  case rateLimit
  /// Blocks come faster than they are hashed.
  case hash
  /// Blocks come faster than they are written, or cannot be written.
  case disk
}
