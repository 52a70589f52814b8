public import Metainfo

/// What a client tells a tracker of itself (BEP 3).
public struct TrackerAnnounce: Hashable, Sendable {
  /// Why an announce is made out of turn.
  public enum Event: String, Hashable, Sendable {
    /// The download begins, or goes on after a stop.
    case started
    /// The last piece came; never said of a torrent that was complete from the start.
    case completed
    /// The client leaves the swarm.
    case stopped
  }

  /// The torrent: its v1 infohash, or its v2 infohash truncated.
  public var infoHash: SHA1Hash
  /// How the client names itself.
  public var peerID: PeerID
  /// The port on which the client listens.
  public var port: UInt16
  /// How far the transfer has come.
  public var progress: TrackerProgress
  /// Why it is made out of turn, or nil.
  public var event: Event?
  /// How many peers are wanted; none with `stopped`.
  public var wanted: Int
  /// A number that is the same in all announces of a session, whatever its address.
  public var key: UInt32
  /// What the tracker gave before as `tracker id`.
  public var trackerID: [UInt8]?

  /// An announce from its parts.
  public init(
    infoHash: SHA1Hash, peerID: PeerID, port: UInt16, progress: TrackerProgress,
    event: Event? = nil, wanted: Int = 200, key: UInt32 = 0, trackerID: [UInt8]? = nil
  ) {
    self.infoHash = infoHash
    self.peerID = peerID
    self.port = port
    self.progress = progress
    self.event = event
    self.wanted = wanted
    self.key = key
    self.trackerID = trackerID
  }
}
