internal import Crypto
public import Metainfo
public import NIOCore

/// The handshake of message stream encryption, on either side of a connection.
///
///     dialler                                   accepter
///     public key, pad                 →
///                                     ←         public key, pad
///     HASH(req1 S), HASH(req2 SKEY)^HASH(req3 S),
///     RC4(VC, methods, pad, payload)  →
///                                     ←         RC4(VC, method, pad)
///
/// S is the secret of the key exchange, SKEY the torrent's infohash, VC eight zero bytes. Where a
/// pad ends is found by what must follow. It does no I/O: bytes go in by ``feed(_:)``, and
/// ``next(torrent:)`` tells what follows. What waits in it is bounded by one read, two pads and the
/// limit of the first payload.
public struct EncryptedHandshake {
  /// What follows from bytes of the peer.
  public enum Step {
    /// Bytes to be sent at once.
    case send(ByteBuffer)
    /// The handshake is over.
    case done(Outcome)
  }

  /// What the two sides came to.
  public struct Outcome {
    /// The infohash by which the torrent was named.
    public var torrent: SHA1Hash
    /// What follows: one method.
    public var method: EncryptionMethods
    /// What encrypts all that follows; nil for the plain method.
    public var cipher: StreamCipher?
    /// What has come behind the handshake, decrypted.
    public var payload: ByteBuffer
  }

  /// The lengths of the two pads that are sent, each at most ``maximumPad``.
  public struct Pads: Hashable, Sendable {
    /// Random bytes behind the public key.
    public var first: Int
    /// Zero bytes behind the methods.
    public var second: Int

    /// Pads of these lengths.
    public init(first: Int, second: Int) {
      (self.first, self.second) = (first, second)
    }
  }

  /// The longest pad, in bytes.
  public static let maximumPad = 512
  /// The longest payload that is taken within the dialler's part of the handshake, in bytes.
  public static let maximumPayload = 8 << 10
  static let constant = [UInt8](repeating: 0, count: 8)

  enum State {
    // Of the dialler.
    case start(torrent: SHA1Hash, payload: ByteBuffer)
    case answer(torrent: SHA1Hash, payload: ByteBuffer)
    case constant(StreamCipher, SHA1Hash, encrypted: [UInt8])
    case selection(StreamCipher, SHA1Hash)
    case lastPad(StreamCipher, SHA1Hash, EncryptionMethods, length: Int)
    // Of the accepter.
    case key
    case mark(secret: [UInt8], hash: [UInt8])
    case torrent(secret: [UInt8])
    case offer(StreamCipher, SHA1Hash)
    case pad(StreamCipher, SHA1Hash, EncryptionMethods, length: Int)
    case payload(StreamCipher, SHA1Hash, EncryptionMethods, length: Int)
    case over
  }

  let settings: EncryptionSettings
  let keys: KeyExchange
  let pads: Pads
  let firstPad: [UInt8]
  var state: State
  var input = ByteBuffer()
  // How many bytes of a pad were looked at.
  private var scanned = 0

  /// The side of one who dials a peer for a torrent, and says `payload` first.
  public init(
    dialling torrent: SHA1Hash, payload: ByteBuffer, _ settings: EncryptionSettings,
    keys: KeyExchange? = nil, pads: Pads? = nil, using random: inout some RandomNumberGenerator
  ) {
    self.init(.start(torrent: torrent, payload: payload), settings, keys, pads, using: &random)
  }

  /// The side of one who was dialled.
  public init(
    accepting settings: EncryptionSettings, keys: KeyExchange? = nil, pads: Pads? = nil,
    using random: inout some RandomNumberGenerator
  ) {
    self.init(.key, settings, keys, pads, using: &random)
  }

  private init(
    _ state: State, _ settings: EncryptionSettings, _ keys: KeyExchange?, _ pads: Pads?,
    using random: inout some RandomNumberGenerator
  ) {
    self.state = state
    self.settings = settings
    self.keys = keys ?? KeyExchange(using: &random)
    let range = 0...Self.maximumPad
    self.pads =
      pads
      ?? Pads(first: .random(in: range, using: &random), second: .random(in: range, using: &random))
    firstPad = random.bytes(self.pads.first)
  }

  /// How many bytes wait in it.
  public var retainedBytes: Int { input.readableBytes }

  /// Takes bytes of the peer; call ``next(torrent:)`` until it is nil before the next feeding.
  public mutating func feed(_ bytes: ByteBuffer) { input.writeImmutableBuffer(bytes) }

  /// The next step, or nil when more bytes are needed.
  ///
  /// `torrent` finds an infohash by its ``name(of:)``; the accepter asks it once. After a fault, or
  /// once it is done, the handshake is of no further use.
  public mutating func next(
    torrent: (SHA1Hash) -> SHA1Hash?
  ) throws(PeerFault) -> Step? {
    while true {
      switch try advance(torrent: torrent) {
      case .more: continue
      case .wait: return nil
      case .step(let step): return step
      }
    }
  }

  enum Progress {
    case more
    case wait
    case step(Step)
  }

  private mutating func advance(
    torrent find: (SHA1Hash) -> SHA1Hash?
  ) throws(PeerFault) -> Progress {
    switch state {
    case .start(let torrent, let payload):
      state = .answer(torrent: torrent, payload: payload)
      return .step(.send(try greeting()))
    case .answer(let torrent, let payload): return try answered(torrent, payload)
    case .constant(let cipher, let torrent, let encrypted):
      guard try skipPad(before: encrypted) else { return .wait }
      state = .selection(cipher, torrent)
    case .selection(let cipher, let torrent): return try selected(cipher, torrent)
    case .lastPad(let cipher, let torrent, let method, let length):
      guard take(length, cipher) != nil else { return .wait }
      return finish(cipher, torrent, method, payload: [])

    case .key: return try keyArrived()
    case .mark(let secret, let hash):
      guard try skipPad(before: hash) else { return .wait }
      state = .torrent(secret: secret)
    case .torrent(let secret): return try named(secret, find)
    case .offer(let cipher, let torrent): return try offered(cipher, torrent)
    case .pad(let cipher, let torrent, let method, let length):
      return try payloadAnnounced(cipher, torrent, method, padLength: length)
    case .payload(let cipher, let torrent, let method, let length):
      guard let payload = take(length, cipher) else { return .wait }
      return finish(cipher, torrent, method, payload: payload)
    case .over: return .wait
    }
    return .more
  }
}

// MARK: - Parts that both sides have

extension EncryptedHandshake {
  /// What stands for a torrent in handshakes: HASH('req2', SKEY).
  public static func name(of torrent: SHA1Hash) -> SHA1Hash? {
    SHA1Hash(hash("req2", torrent.withUnsafeBytes { [UInt8]($0) }))
  }

  /// What tells the accepter where the dialler's pad ends, and which torrent is meant.
  public static func mark(of torrent: SHA1Hash, secret: [UInt8]) -> [UInt8] {
    let skey = torrent.withUnsafeBytes { [UInt8]($0) }
    return hash("req1", secret) + xor(hash("req2", skey), hash("req3", secret))
  }

  static func hash(_ name: String, _ parts: [UInt8]...) -> [UInt8] {
    var hash = Insecure.SHA1()
    hash.update(data: Array(name.utf8))
    for part in parts { hash.update(data: part) }
    return Array(hash.finalize())
  }

  static func xor(_ one: [UInt8], _ other: [UInt8]) -> [UInt8] { zip(one, other).map { $0 ^ $1 } }

  func greeting() throws(PeerFault) -> ByteBuffer {
    ByteBuffer(bytes: try keys.publicKey() + firstPad)
  }

  /// Takes so many bytes once they are there, decrypted by `cipher`.
  mutating func take(_ count: Int, _ cipher: StreamCipher?) -> [UInt8]? {
    guard var bytes = input.readBytes(length: count) else { return nil }
    cipher?.decrypt(&bytes)
    return bytes
  }

  /// Drops a pad and the mark that ends it; false when the mark has yet to come.
  mutating func skipPad(before mark: [UInt8]) throws(PeerFault) -> Bool {
    let bytes = input.readableBytesView
    while scanned + mark.count <= bytes.count, scanned <= Self.maximumPad {
      if bytes.dropFirst(scanned).starts(with: mark) {
        input.moveReaderIndex(forwardBy: scanned + mark.count)
        return true
      }
      scanned += 1
    }
    guard scanned <= Self.maximumPad else { throw .malformedEncryption }
    return false
  }

  mutating func finish(
    _ cipher: StreamCipher, _ torrent: SHA1Hash, _ method: EncryptionMethods, payload: [UInt8]
  ) -> Progress {
    state = .over
    var rest = input.readBytes(length: input.readableBytes) ?? []
    let continues = method == .rc4
    if continues { cipher.decrypt(&rest) }
    return .step(
      .done(
        Outcome(
          torrent: torrent, method: method, cipher: continues ? cipher : nil,
          payload: ByteBuffer(bytes: payload + rest))))
  }
}
