package import NIOCore

extension PeerBook {
  /// The bounds within which a torrent looks for peers.
  package struct Configuration: Sendable {
    /// Addresses that are remembered.
    package var capacity = 3_000
    /// Hosts whose ban is remembered.
    package var banCapacity = 10_000
    /// Connections at once, of both directions, those being dialled counted.
    package var connections = 200
    /// Outgoing connections whose handshake is not over.
    package var halfOpen = 50
    /// Outgoing connections begun in a second; as many may be begun at once.
    package var dialsPerSecond = 30
    /// Attempts in vain after which an address is dropped.
    package var attempts = 3
    /// How long an address rests after its first failure; twice that after the second.
    package var backOff: TimeAmount = .seconds(60)
    /// How long an address rests after a connection on which something moved.
    package var reconnect: TimeAmount = .seconds(10)
    /// How often the least useful connections make room for others.
    package var turnover: TimeAmount = .seconds(300)
    /// How full, in hundredths, the connections must be for that.
    package var turnoverFullness = 90
    /// How many of the connections, in hundredths, make room.
    package var turnoverShare = 4
    /// The same for a torrent that gets nothing from any of them.
    package var starvedTurnover: TimeAmount = .seconds(30)
    package var starvedShare = 25
    /// Whether one host may have several connections; a loopback address always may.
    package var severalPerHost = false

    /// The defaults.
    package init() {}
  }
}
