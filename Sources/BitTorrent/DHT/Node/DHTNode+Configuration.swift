public import NIOCore

extension DHTNode {
  /// What a node is told once, when it is made.
  public struct Configuration: Sendable {
    /// Which of the two tables it is of (BEP 32).
    public var family = PeerAddress.Family.ipv4
    /// Ask, but answer nothing: for those who cannot be reached (BEP 43).
    public var isReadOnly = false
    /// Bytes of answers a second.
    public var answerRate = 16_384
    /// Questions that wait for their answers.
    public var maximumPending = 256
    /// Look-ups at the same time.
    public var maximumLookups = 16
    /// Torrents of which peers are kept for others.
    public var maximumTorrents = 2_000
    /// When a question's answer counts as slow.
    public var slowAfter: TimeAmount = .seconds(1)
    /// When a question counts as not answered.
    public var timeout: TimeAmount = .seconds(8)

    /// The defaults.
    public init() {}
  }

  /// What a node wants done, or has found.
  public enum Action: Equatable, Sendable {
    /// Send a datagram.
    case send([UInt8], to: PeerAddress)
    /// These are said to be peers of the torrent.
    case found([PeerAddress], of: DHTID)
    /// The look-up of a torrent's peers is over; the closest nodes hear of us, if that was wanted.
    case finished(DHTID, Summary)
    /// The table had no nodes, and has some now.
    case joined
  }

  /// What a look-up cost, and brought.
  public struct Summary: Equatable, Sendable {
    /// Questions that were asked.
    public var queries: Int
    /// Questions that were answered.
    public var answers: Int
    /// Peers that were named, some perhaps more than once.
    public var peers: Int
  }
}
