package import Metainfo
package import NIOCore

/// What a torrent's core is told once, when it is made.
package struct TorrentConfiguration: Sendable {
  /// Which torrent it is; what peers name in their handshakes.
  package var infoHashes: InfoHashes
  /// Our id in this torrent's handshakes: a peer that shows the same is ourselves.
  package var peerID: PeerID
  /// The port on which we listen, told in the extension handshake (`p`); 0 tells none.
  package var listenPort: UInt16 = 0
  /// The port of our node of the distributed hash table, told to peers that have one too (BEP 5).
  package var nodePort: UInt16?
  /// Our name in the extension handshake (`v`).
  package var clientName = "btt"
  /// Connections at once, incoming and outgoing.
  package var maximumConnections = 200
  /// Outgoing connections whose handshake has yet to end.
  package var maximumHalfOpen = 50
  /// Upload slots to begin with; more are given while each next peer adds to the rate.
  package var uploadSlots = 8
  /// Requests that a peer may have queued here, told as `reqq`; more are rejected.
  package var requestQueueLimit = 2_000
  /// Bytes of one peer's blocks between ``TorrentAction/upload(_:_:)`` and the socket.
  package var uploadWindow = 1 << 20
  /// Requests we may have open at one peer, whatever it offers as `reqq`.
  package var maximumPipeline = 500
  /// Pieces are fetched in order, for a reader who is already reading.
  package var sequential = false
  /// Connections between two seeds end at once.
  package var disconnectsSeeds = true
  /// Peers are told of each other, unless the torrent is private (BEP 11).
  package var exchangesPeers = true
  /// A complete torrent shows each peer single pieces, so that the first copy costs little (BEP 16).
  package var superSeeding = false
  /// Two connections from one address are allowed; loopback always may.
  package var allowsSeveralPerAddress = false
  /// Greatest size of metadata taken from peers, in bytes.
  package var maximumMetadataSize = 4 << 20
  /// Memory for what all peers say they have before the metadata is known, in bytes.
  package var maximumUnknownBytes = 8 << 20
  /// Connections below which more peers are wanted.
  package var fewConnections = 20
  /// Our address as others see it, where it is known: it decides whom we prefer (BEP 40).
  package var externalAddress: PeerAddress?
  /// Time without any message after which a peer is dropped.
  package var silenceLimit: TimeAmount = .seconds(120)
  /// Time after which something is sent to a peer to which nothing was sent.
  package var keepAliveInterval: TimeAmount = .seconds(90)
  /// Time without use for either side after which a peer is dropped when others wait.
  package var idleLimit: TimeAmount = .seconds(600)
  /// Time in which a request must be answered, else the peer counts as snubbing us.
  package var requestTimeout: TimeAmount = .seconds(60)
  /// Time in which the fastest way to a piece must bring it, else its blocks are asked elsewhere.
  package var pieceTimeout: TimeAmount = .seconds(20)

  /// The defaults for the torrent with these hashes, under this id.
  package init(infoHashes: InfoHashes, peerID: PeerID) {
    self.infoHashes = infoHashes
    self.peerID = peerID
  }
}

extension TorrentConfiguration {
  var peerBook: PeerBook.Configuration {
    var book = PeerBook.Configuration()
    book.connections = maximumConnections
    book.halfOpen = maximumHalfOpen
    book.severalPerHost = allowsSeveralPerAddress
    return book
  }

  var peerPriority: @Sendable (PeerAddress) -> UInt32 {
    // Without knowing our own address any order that is the same each time will do.
    let own = externalAddress ?? PeerAddress(ipv4: 0, port: listenPort)
    return { PeerPriority.of(own, $0) }
  }
}
