internal import Metainfo
internal import NIOCore

/// The handshakes of one connection: ours and the peer's, in the order that the direction asks.
///
/// The one who dials speaks first. The other answers once it knows which torrent is meant, and
/// may then name the v2 infohash of a hybrid torrent instead of the v1 one (BEP 52). An encrypted
/// handshake may go before: who was dialled knows it by the first 20 bytes, which in a plain one
/// are always the same.
struct HandshakeExchange {
  /// What follows from bytes of the peer.
  enum Step {
    /// Bytes to be sent at once.
    case answer(ByteBuffer)
    /// Both handshakes are made; `rest` came behind the peer's.
    case done(TorrentDriver, PeerIntroduction, StreamCipher?, rest: ByteBuffer)
  }

  private enum Layer {
    /// What the peer wants has yet to be seen.
    case open
    case plain
    case negotiating(EncryptedHandshake)
    case encrypted(by: EncryptedHandshake.Outcome)
  }

  /// The torrent for which the peer was dialled; nil when it dialled us.
  let dialled: TorrentDriver?
  let address: PeerAddress
  /// Set once there is a connection on which handshakes can be made.
  var hasConnection = false
  /// Set when the peer left us waiting.
  var hasTimedOut = false

  private let settings: EncryptionSettings
  private let beginsEncrypted: Bool
  private var isSecond = false
  private var layer: Layer
  private var decoder = HandshakeDecoder()
  private var input = ByteBuffer()
  private var hello: ByteBuffer?
  private var torrent: TorrentDriver?
  private var infoHash = SHA1Hash.zero
  private var wasUnderstood = false

  /// The exchange on a connection to `address`.
  init(
    dialling address: PeerAddress, for driver: TorrentDriver, _ settings: EncryptionSettings,
    encrypted: Bool
  ) {
    dialled = driver
    torrent = driver
    self.address = address
    self.settings = settings
    beginsEncrypted = encrypted
    let hello = Self.bytes(of: driver, naming: driver.hashes.primary)
    if encrypted {
      var random = SystemRandomNumberGenerator()
      layer = .negotiating(
        EncryptedHandshake(
          dialling: driver.hashes.primary, payload: hello, settings, using: &random))
    } else {
      layer = .plain
      self.hello = hello
    }
  }

  /// The exchange on a connection from `address`.
  init(acceptedFrom address: PeerAddress, _ settings: EncryptionSettings) {
    dialled = nil
    self.address = address
    self.settings = settings
    beginsEncrypted = false
    layer = settings.allowsEncrypted ? .open : .plain
  }

  /// The exchange on a second connection, where the first may have failed for being, or not
  /// being, encrypted.
  var otherAttempt: HandshakeExchange? {
    guard let dialled, settings.triesBoth, hasConnection, !isSecond, !wasUnderstood, !hasTimedOut
    else { return nil }
    var other = HandshakeExchange(
      dialling: address, for: dialled, settings, encrypted: !beginsEncrypted)
    other.isSecond = true
    return other
  }

  // MARK: - Steps

  /// Takes bytes of the peer; ``next(in:)`` tells what follows.
  mutating func feed(_ bytes: ByteBuffer) {
    switch layer {
    case .open, .plain: append(bytes)
    case .encrypted(let outcome):
      outcome.cipher?.decryptInPlace(bytes)
      append(bytes)
    case .negotiating(var handshake):
      handshake.feed(bytes)
      layer = .negotiating(handshake)
    }
  }

  private mutating func append(_ bytes: ByteBuffer) {
    if input.readableBytes == 0 { input = bytes } else { input.writeImmutableBuffer(bytes) }
  }

  /// The next step, or nil when more bytes are needed, or the peer has to speak first.
  mutating func next(in session: SessionLoop) throws(PeerFault) -> Step? {
    if let hello {
      self.hello = nil
      return .answer(hello)
    }
    if case .open = layer, try !recognize() { return nil }
    if case .negotiating(var handshake) = layer {
      let step = try handshake.next { session.infoHash(hidden: $0) }
      layer = .negotiating(handshake)
      switch step {
      case nil: return nil
      case .send(let bytes): return .answer(bytes)
      case .done(let outcome):
        wasUnderstood = true
        torrent = torrent ?? session.torrent(outcome.torrent)
        input = outcome.payload
        layer = .encrypted(by: outcome)
      }
    }
    return try nextPlain(in: session)
  }

  /// Tells a plain handshake from an encrypted one; false when more bytes are needed.
  private mutating func recognize() throws(PeerFault) -> Bool {
    let name = input.readableBytesView.prefix(Handshake.protocolName.count)
    if !Handshake.protocolName.starts(with: name) {
      var random = SystemRandomNumberGenerator()
      var handshake = EncryptedHandshake(accepting: settings, using: &random)
      handshake.feed(input)
      input = ByteBuffer()
      layer = .negotiating(handshake)
      return true
    }
    guard name.count == Handshake.protocolName.count else { return false }
    guard settings.allowsPlain else { throw .encryptionRefused }
    layer = .plain
    return true
  }

  private mutating func nextPlain(in session: SessionLoop) throws(PeerFault) -> Step? {
    while let step = try decoder.decode(&input) {
      switch step {
      case .opening(let features, let named):
        wasUnderstood = true
        // What was named in an encrypted handshake holds.
        guard let driver = torrent ?? session.torrent(named), driver.hashes.contains(wire: named)
        else { throw .wrongInfoHash }
        infoHash = named
        guard dialled == nil else { continue }
        torrent = driver
        if let v2 = driver.hashes.v2, features.contains(.v2) { infoHash = SHA1Hash(truncating: v2) }
        var answer = Self.bytes(of: driver, naming: infoHash)
        cipher?.encrypt(&answer)
        return .answer(answer)
      case .complete(let handshake):
        guard let torrent else { throw .wrongInfoHash }
        let ours = Self.features(of: torrent)
        let introduction = PeerIntroduction(
          address: address, direction: dialled == nil ? .incoming : .outgoing,
          peerID: handshake.peerID, features: ours.intersection(handshake.features),
          infoHash: infoHash,
          isV2: torrent.hashes.v2.map(SHA1Hash.init(truncating:)) == infoHash,
          encryption: method)
        return .done(torrent, introduction, cipher, rest: input)
      }
    }
    return nil
  }

  private var cipher: StreamCipher? {
    if case .encrypted(let outcome) = layer { outcome.cipher } else { nil }
  }

  private var method: EncryptionMethods? {
    if case .encrypted(let outcome) = layer { outcome.method } else { nil }
  }

  private static func features(of driver: TorrentDriver) -> PeerFeatures {
    .offered(
      v2: driver.hashes.v2 != nil,
      dht: !driver.entry.isPrivate && driver.core.configuration.nodePort != nil)
  }

  private static func bytes(of driver: TorrentDriver, naming infoHash: SHA1Hash) -> ByteBuffer {
    var buffer = ByteBufferAllocator().buffer(capacity: Handshake.length)
    Handshake(
      features: features(of: driver), infoHash: infoHash,
      peerID: driver.core.configuration.peerID
    ).encode(into: &buffer)
    return buffer
  }
}
