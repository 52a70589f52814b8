internal import Metainfo
internal import NIOCore

/// The handshakes of one connection: ours and the peer's, in the order that the direction asks.
///
/// The one who dials speaks first. The other answers once it knows which torrent is meant, and
/// may then name the v2 infohash of a hybrid torrent instead of the v1 one (BEP 52).
struct HandshakeExchange {
  /// What follows from bytes of the peer.
  enum Step {
    /// Our handshake, to be sent at once.
    case answer(ByteBuffer)
    /// Both handshakes are made; `rest` came behind the peer's.
    case done(TorrentDriver, PeerIntroduction, rest: ByteBuffer)
  }

  /// The torrent for which the peer was dialled; nil when it dialled us.
  let dialled: TorrentDriver?
  let address: PeerAddress
  private var decoder = HandshakeDecoder()
  private var input = ByteBuffer()
  private var torrent: TorrentDriver?
  private var infoHash = SHA1Hash.zero

  /// The exchange on a connection to `address`.
  init(dialling address: PeerAddress, for driver: TorrentDriver) {
    dialled = driver
    torrent = driver
    self.address = address
  }

  /// The exchange on a connection from `address`.
  init(acceptedFrom address: PeerAddress) {
    dialled = nil
    self.address = address
  }

  /// What is sent before anything has come.
  var opening: ByteBuffer? {
    dialled.map { Self.bytes(of: $0, naming: $0.hashes.primary) }
  }

  /// Takes bytes of the peer; ``next(in:)`` tells what follows.
  mutating func feed(_ bytes: ByteBuffer) {
    if input.readableBytes == 0 { input = bytes } else { input.writeImmutableBuffer(bytes) }
  }

  /// The next step, or nil when more bytes are needed.
  mutating func next(in session: SessionLoop) throws(PeerFault) -> Step? {
    while let step = try decoder.decode(&input) {
      switch step {
      case .opening(let features, let named):
        guard let driver = dialled ?? session.torrent(named), driver.hashes.contains(wire: named)
        else { throw .wrongInfoHash }
        infoHash = named
        guard dialled == nil else { continue }
        torrent = driver
        if let v2 = driver.hashes.v2, features.contains(.v2) { infoHash = SHA1Hash(truncating: v2) }
        return .answer(Self.bytes(of: driver, naming: infoHash))
      case .complete(let handshake):
        guard let torrent else { throw .wrongInfoHash }
        let ours = PeerFeatures.offered(v2: torrent.hashes.v2 != nil)
        let introduction = PeerIntroduction(
          address: address, direction: dialled == nil ? .incoming : .outgoing,
          peerID: handshake.peerID, features: ours.intersection(handshake.features),
          infoHash: infoHash,
          isV2: torrent.hashes.v2.map(SHA1Hash.init(truncating:)) == infoHash)
        return .done(torrent, introduction, rest: input)
      }
    }
    return nil
  }

  private static func bytes(of driver: TorrentDriver, naming infoHash: SHA1Hash) -> ByteBuffer {
    var buffer = ByteBufferAllocator().buffer(capacity: Handshake.length)
    Handshake(
      features: .offered(v2: driver.hashes.v2 != nil), infoHash: infoHash,
      peerID: driver.core.configuration.peerID
    ).encode(into: &buffer)
    return buffer
  }
}
