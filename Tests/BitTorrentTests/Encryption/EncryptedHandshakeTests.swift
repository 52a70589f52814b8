internal import BitTorrent
internal import Metainfo
internal import NIOCore
internal import Primitives
internal import TestSupport
internal import Testing

@Suite("The encrypted handshake")
struct EncryptedHandshakeTests {
  static let torrent = SHA1Hash(Array(0xa0...0xb3)) ?? .zero
  static let hello = ByteBuffer(bytes: Handshake.protocolName)

  /// One side, and what it did.
  struct Side {
    var handshake: EncryptedHandshake
    var sent = ByteBuffer()
    var outcome: EncryptedHandshake.Outcome?
    var lookups = 0

    mutating func run(_ bytes: ByteBuffer? = nil) throws {
      if let bytes { handshake.feed(bytes) }
      while outcome == nil {
        let step = try handshake.next { name in
          lookups += 1
          return name == EncryptedHandshake.name(of: torrent) ? torrent : nil
        }
        switch step {
        case nil: return
        case .send(let bytes): sent.writeImmutableBuffer(bytes)
        case .done(let outcome): self.outcome = outcome
        }
      }
    }
  }

  static func dialler(
    _ settings: EncryptionSettings = EncryptionSettings(.prefer), torrent: SHA1Hash = torrent,
    pads: EncryptedHandshake.Pads? = nil, keys: KeyExchange? = nil, seed: UInt64 = 1
  ) -> Side {
    var random = TestSupport.SeededGenerator(seed: seed)
    return Side(
      handshake: EncryptedHandshake(
        dialling: torrent, payload: hello, settings, keys: keys, pads: pads, using: &random))
  }

  static func accepter(
    _ settings: EncryptionSettings = EncryptionSettings(.prefer),
    pads: EncryptedHandshake.Pads? = nil, keys: KeyExchange? = nil, seed: UInt64 = 2
  ) -> Side {
    var random = TestSupport.SeededGenerator(seed: seed)
    return Side(
      handshake: EncryptedHandshake(accepting: settings, keys: keys, pads: pads, using: &random))
  }

  /// Carries bytes between two sides, in pieces of `size`, until nobody says more.
  static func meet(_ one: inout Side, _ other: inout Side, pieces size: Int = .max) throws {
    func carry(_ from: inout Side, _ to: inout Side) throws {
      var bytes = from.sent
      from.sent = ByteBuffer()
      while let piece = bytes.readSlice(length: min(size, bytes.readableBytes)),
        piece.readableBytes > 0
      {
        // What is read past the end of the handshake belongs to whoever reads on.
        if to.outcome == nil {
          try to.run(piece)
        } else {
          to.outcome?.payload.writeImmutableBuffer(piece)
        }
      }
    }
    try one.run()
    while one.sent.readableBytes + other.sent.readableBytes > 0 {
      try carry(&one, &other)
      try carry(&other, &one)
    }
  }

  static func hex(_ buffer: ByteBuffer) -> String {
    Hex.encode(Array(buffer.readableBytesView), prefix: false)
  }

  // MARK: - What goes over the wire

  // The transcript was made by another implementation, in Python, of the same exponents.
  private static let dialledKey = """
    96e112dab29e8c5272accb9b17b26887ce54a144a4e3b697c7d159b7a817e556b0918db2b4c658e02a87f7e5fb14b18a\
    553e084cbf3dad2d30f16596ccb982d406258c61b30c5c1dae2ddc60bdbd48d79896312aad63238c39e1a633821eb693
    """
  private static let acceptedKey = """
    d32ae8cedd0de9ca4fe67e35626bb8c7cdb0966727d899f6a62fdb2b68817f9ddc4b684e3eb34030b8dba4e028b7cff3\
    264020340cb4eab61923cdc4e4216ba873368d83f0a38e497f1f6b4e3d2012eb91a3ee6056f966f9eae732089b6fa46e
    """
  private static let offer = """
    78fffb0f23055a793ff7609f359e04e383ec3505fcfad34890e94b632f779bca5563d5b46411aacfc74e6fbf252338a9\
    c484c3de4f8a2d3bc2147279ca061ea8f50be231980321763bfc52a071c6dd37f5
    """
  private static let choice = "eba8d61108ceeec0cca828d3e71d07b2d1f3dfff17"

  @Test("says what another implementation says with the same keys")
  func transcript() throws {
    var dialler = Self.dialler(
      pads: .init(first: 0, second: 5), keys: KeyExchange(exponent: Array(1...20)))
    var accepter = Self.accepter(
      pads: .init(first: 0, second: 7), keys: KeyExchange(exponent: Array(101...120)))
    try dialler.run()
    #expect(Self.hex(dialler.sent) == Self.dialledKey)
    try accepter.run(dialler.sent)
    #expect(Self.hex(accepter.sent) == Self.acceptedKey)
    dialler.sent.clear()
    try dialler.run(accepter.sent)
    #expect(Self.hex(dialler.sent) == Self.offer)
    accepter.sent.clear()
    try accepter.run(dialler.sent)
    #expect(Self.hex(accepter.sent) == Self.choice)
    try dialler.run(accepter.sent)

    let (from, to) = (try #require(dialler.outcome), try #require(accepter.outcome))
    #expect(to.payload == Self.hello)
    var there = ByteBuffer(string: "from the dialler")
    try #require(from.cipher).encrypt(&there)
    #expect(Self.hex(there) == "79a299f40b654a580724d3c412e55854")
    var back = ByteBuffer(string: "from the accepter")
    try #require(to.cipher).encrypt(&back)
    #expect(Self.hex(back) == "5a388ee1745d03467a377b8e1014164181")
  }

  @Test("has the key stream of RFC 6229")
  func keyStream() {
    let stream = LibCrypto.RC4Stream(key: [1, 2, 3, 4, 5])
    var bytes = [UInt8](repeating: 0, count: 16)
    bytes.withUnsafeMutableBytes { stream.apply(to: $0) }
    #expect(Hex.encode(bytes, prefix: false) == "b2396305f03dc027ccc3524a0a1118a8")
  }

  // MARK: - What the two sides come to

  @Test(
    "is split at every byte, with pads of any length",
    arguments: [0, 1, 511, 512], [EncryptionMethods.plain, .rc4])
  func splits(_ pad: Int, _ method: EncryptionMethods) throws {
    for size in [1, 2, 7, 96, 97, 1_000] {
      let settings = EncryptionSettings(.prefer, methods: method)
      var dialler = Self.dialler(settings, pads: .init(first: pad, second: 512 - pad))
      var accepter = Self.accepter(settings, pads: .init(first: 512 - pad, second: pad))
      try Self.meet(&dialler, &accepter, pieces: size)
      let (from, to) = (try #require(dialler.outcome), try #require(accepter.outcome))
      #expect(from.method == method && to.method == method)
      #expect((from.cipher == nil) == (method == .plain))
      #expect(from.torrent == Self.torrent && to.torrent == Self.torrent)
      #expect(to.payload == Self.hello && from.payload.readableBytes == 0)
      var bytes = ByteBuffer(string: "and on it goes")
      from.cipher?.encrypt(&bytes)
      to.cipher?.decryptInPlace(bytes)
      #expect(bytes == ByteBuffer(string: "and on it goes"))
    }
  }

  @Test(
    "hands over what comes right behind it, decrypted", arguments: [EncryptionMethods.plain, .rc4])
  func behind(_ method: EncryptionMethods) throws {
    let settings = EncryptionSettings(.prefer, methods: method)
    var dialler = Self.dialler(settings)
    var accepter = Self.accepter(settings)
    try dialler.run()
    try accepter.run(dialler.sent)
    dialler.sent.clear()
    try dialler.run(accepter.sent)
    accepter.sent.clear()
    try accepter.run(dialler.sent)
    var more = ByteBuffer(string: "the accepter's first words")
    try #require(accepter.outcome).cipher?.encrypt(&more)
    accepter.sent.writeBuffer(&more)
    try dialler.run(accepter.sent)
    #expect(dialler.outcome?.payload == ByteBuffer(string: "the accepter's first words"))
  }

  @Test("chooses as the policy says")
  func choices() {
    let both: EncryptionMethods = [.plain, .rc4]
    #expect(EncryptionSettings(.allow).choice(of: both) == .plain)
    #expect(EncryptionSettings(.allow).choice(of: .rc4) == .rc4)
    #expect(EncryptionSettings(.prefer).choice(of: both) == .rc4)
    #expect(EncryptionSettings(.prefer).choice(of: .plain) == .plain)
    #expect(EncryptionSettings(.require).choice(of: both) == .rc4)
    #expect(EncryptionSettings(.require).choice(of: .plain) == nil)
    #expect(EncryptionSettings(.allow).choice(of: []) == nil)
    #expect(EncryptionSettings(.allow).choice(of: .init(rawValue: 0xfffc)) == nil)
  }

  @Test("looks a torrent up once, whichever of many it is")
  func lookup() throws {
    var dialler = Self.dialler()
    var accepter = Self.accepter()
    try Self.meet(&dialler, &accepter, pieces: 1)
    #expect(accepter.lookups == 1 && dialler.lookups == 0)
  }

  /// Counts how often it is asked.
  struct CountingGenerator: RandomNumberGenerator {
    var calls = 0
    mutating func next() -> UInt64 {
      calls += 1
      return UInt64(calls) &* 0x9e37_79b9_7f4a_7c15
    }
  }

  @Test("asks for random numbers eight bytes at a time")
  func randomness() throws {
    var random = CountingGenerator()
    let pads = EncryptedHandshake.Pads(first: 512, second: 0)
    _ = EncryptedHandshake(accepting: EncryptionSettings(.allow), pads: pads, using: &random)
    #expect(random.calls <= (512 + KeyExchange.exponentLength) / 8 + 2)
  }

  @Test("never uses a key twice")
  func fresh() throws {
    var random = SystemRandomNumberGenerator()
    let keys = try (0..<8).map { _ in try KeyExchange(using: &random).publicKey() }
    #expect(Set(keys).count == 8)
  }
}
