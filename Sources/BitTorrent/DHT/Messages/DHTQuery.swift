/// What a node asks another.
public enum DHTQuery: Equatable, Sendable {
  /// Whether it is there.
  case ping
  /// The nodes closest to a point.
  case findNode(DHTID)
  /// The peers of a torrent, or the nodes closest to it.
  ///
  /// `withoutSeeds` wants none that have everything, `scrape` how many there are (BEP 33).
  case getPeers(DHTID, withoutSeeds: Bool, scrape: Bool)
  /// That it is a peer of a torrent.
  case announcePeer(DHTAnnounce, DHTID, token: [UInt8])
  /// Some of the infohashes that are kept, and the nodes closest to a point (BEP 51).
  case sampleInfohashes(DHTID)
}

/// How a peer is to be reached.
public struct DHTAnnounce: Equatable, Sendable {
  /// The port at which it takes connections.
  public var port: UInt16
  /// Whether that is instead the port that the datagram came from.
  public var impliesPort: Bool
  /// Whether it has everything (BEP 33).
  public var isSeed: Bool

  /// A peer at that port.
  public init(port: UInt16, impliesPort: Bool = false, isSeed: Bool = false) {
    self.port = port
    self.impliesPort = impliesPort
    self.isSeed = isSeed
  }
}
