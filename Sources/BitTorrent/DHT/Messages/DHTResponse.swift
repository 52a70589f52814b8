/// What a node answers; which parts there are follows from the question.
public struct DHTResponse: Equatable, Sendable {
  /// Who answers.
  public var id: DHTID
  /// Nodes at IPv4 addresses.
  public var nodes: [DHTContact]?
  /// Nodes at IPv6 addresses (BEP 32).
  public var nodes6: [DHTContact]?
  /// Peers of the torrent.
  public var peers: [PeerAddress] = []
  /// What an announce must show.
  public var token: [UInt8]?
  /// Those of the torrent's peers who have everything (BEP 33).
  public var seeds: ScrapeFilter?
  /// Those of the torrent's peers who do not (BEP 33).
  public var leechers: ScrapeFilter?
  /// Some of the infohashes that are kept (BEP 51).
  public var sample: Sample?

  /// Some of the infohashes that a node keeps.
  public struct Sample: Equatable, Sendable {
    /// The infohashes.
    public var infoHashes: [DHTID]
    /// How many it keeps in all.
    public var total: Int
    /// For how many seconds it will give the same ones.
    public var interval: Int

    /// Infohashes out of `total`, the same ones for `interval` seconds.
    public init(infoHashes: [DHTID], total: Int, interval: Int) {
      self.infoHashes = infoHashes
      self.total = total
      self.interval = interval
    }
  }

  /// An answer that says no more than who gives it.
  public init(id: DHTID) { self.id = id }
}
