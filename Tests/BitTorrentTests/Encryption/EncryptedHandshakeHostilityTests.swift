internal import BitTorrent
internal import Metainfo
internal import NIOCore
internal import TestSupport
internal import Testing

@Suite("The encrypted handshake with a hostile peer")
struct EncryptedHandshakeHostilityTests {
  typealias Tests = EncryptedHandshakeTests

  /// A peer that holds the keys of the exchange and says what it likes.
  struct Stranger {
    let cipher: StreamCipher
    private(set) var message: ByteBuffer

    /// A dialler that has named the torrent, to an accepter that has its key.
    init(dialling accepter: inout Tests.Side) throws {
      let keys = KeyExchange(exponent: [7])
      try accepter.run(ByteBuffer(bytes: try keys.publicKey()))
      let secret = try keys.secret(with: Array(accepter.sent.readableBytesView.prefix(96)))
      cipher = StreamCipher(secret: secret, torrent: Tests.torrent, role: .dialler)
      message = ByteBuffer(bytes: EncryptedHandshake.mark(of: Tests.torrent, secret: secret))
      accepter.sent.clear()
    }

    /// An accepter that has a dialler's offer.
    init(accepting dialler: inout Tests.Side) throws {
      let keys = KeyExchange(exponent: [9])
      try dialler.run()
      let secret = try keys.secret(with: Array(dialler.sent.readableBytesView.prefix(96)))
      cipher = StreamCipher(secret: secret, torrent: Tests.torrent, role: .accepter)
      message = ByteBuffer()
      try dialler.run(ByteBuffer(bytes: try keys.publicKey()))
    }

    mutating func say(_ parts: [any FixedWidthInteger]) {
      var bytes = ByteBuffer()
      func write(_ part: some FixedWidthInteger) { bytes.writeInteger(part) }
      for part in parts { write(part) }
      cipher.encrypt(&bytes)
      message.writeBuffer(&bytes)
    }
  }

  private static let zero: UInt64 = 0

  @Test(
    "refuses public keys that leave no secret",
    arguments: [
      [UInt8](repeating: 0, count: 96), [UInt8](repeating: 0, count: 95) + [1],
      KeyExchange.prime.dropLast() + [0x62], KeyExchange.prime,
      [UInt8](repeating: 0xff, count: 96),
    ])
  func degenerateKey(_ key: [UInt8]) {
    var accepter = Tests.accepter()
    #expect(throws: PeerFault.malformedEncryption) { try accepter.run(ByteBuffer(bytes: key)) }
    #expect(accepter.sent.readableBytes == 0)
    var dialler = Tests.dialler()
    #expect(throws: PeerFault.malformedEncryption) { try dialler.run(ByteBuffer(bytes: key)) }
  }

  @Test("lets no pad go on beyond 512 bytes", arguments: [true, false])
  func endlessPad(_ isDialler: Bool) throws {
    var side = isDialler ? Tests.dialler() : Tests.accepter()
    let key = try KeyExchange(exponent: [5]).publicKey()
    try side.run(ByteBuffer(bytes: key))
    var fed = 0
    #expect(throws: PeerFault.malformedEncryption) {
      while fed < 1_000 {
        try side.run(ByteBuffer(bytes: [UInt8(fed & 0xff)]))
        fed += 1
      }
    }
    #expect(fed <= 512 + 20)
    #expect(side.handshake.retainedBytes <= 512 + 20)
  }

  @Test("refuses a torrent that is not here")
  func unknownTorrent() throws {
    var dialler = Tests.dialler(torrent: SHA1Hash.zero)
    var accepter = Tests.accepter()
    #expect(throws: PeerFault.wrongInfoHash) { try Tests.meet(&dialler, &accepter) }
  }

  @Test("refuses a dialler whose constant is not zero")
  func wrongConstant() throws {
    var accepter = Tests.accepter()
    var stranger = try Stranger(dialling: &accepter)
    stranger.say([UInt64(1), UInt32(3), UInt16(0), UInt16(0)])
    #expect(throws: PeerFault.malformedEncryption) { try accepter.run(stranger.message) }
  }

  @Test("refuses an offer of nothing that is allowed", arguments: [UInt32(0), 1, 4, 0xffff_fffc])
  func nothingAllowed(_ offer: UInt32) throws {
    var accepter = Tests.accepter(EncryptionSettings(.require))
    var stranger = try Stranger(dialling: &accepter)
    stranger.say([Self.zero, offer, UInt16(0), UInt16(0)])
    #expect(throws: PeerFault.encryptionRefused) { try accepter.run(stranger.message) }
  }

  @Test("takes what it knows from an offer with unknown methods")
  func unknownMethods() throws {
    var accepter = Tests.accepter()
    var stranger = try Stranger(dialling: &accepter)
    stranger.say([Self.zero, UInt32.max, UInt16(0), UInt16(0)])
    try accepter.run(stranger.message)
    #expect(accepter.outcome?.method == .rc4)
    #expect(accepter.outcome?.payload.readableBytes == 0)
  }

  @Test("refuses a second pad of more than 512 bytes", arguments: [UInt16(513), .max])
  func longPad(_ length: UInt16) throws {
    var accepter = Tests.accepter()
    var dialling = try Stranger(dialling: &accepter)
    dialling.say([Self.zero, UInt32(3), length])
    #expect(throws: PeerFault.malformedEncryption) { try accepter.run(dialling.message) }
    var dialler = Tests.dialler()
    var accepting = try Stranger(accepting: &dialler)
    accepting.say([Self.zero, UInt32(2), length])
    #expect(throws: PeerFault.malformedEncryption) { try dialler.run(accepting.message) }
  }

  @Test("refuses a first payload over its limit before it comes")
  func longPayload() throws {
    var accepter = Tests.accepter()
    var stranger = try Stranger(dialling: &accepter)
    let length = UInt16(EncryptedHandshake.maximumPayload + 1)
    stranger.say([Self.zero, UInt32(3), UInt16(0), length])
    #expect(throws: PeerFault.malformedEncryption) { try accepter.run(stranger.message) }
  }

  @Test(
    "refuses a choice that is none, several, unknown, or was not offered",
    arguments: [UInt32(0), 3, 4, 1])
  func wrongChoice(_ choice: UInt32) throws {
    var dialler = Tests.dialler(EncryptionSettings(.require))
    var stranger = try Stranger(accepting: &dialler)
    stranger.say([Self.zero, choice, UInt16(0)])
    #expect(throws: PeerFault.malformedEncryption) { try dialler.run(stranger.message) }
  }

  @Test("withstands random bytes, and holds little of them", arguments: 0..<64 as Range<UInt64>)
  func noise(_ seed: UInt64) throws {
    var random = TestSupport.SeededGenerator(seed: seed)
    var side =
      seed.isMultiple(of: 2) ? Tests.dialler(seed: seed) : Tests.accepter(seed: seed)
    if seed.isMultiple(of: 4) {
      try side.run(ByteBuffer(bytes: try KeyExchange(exponent: [3, UInt8(seed)]).publicKey()))
    }
    #expect(throws: PeerFault.self, "seed \(seed)") {
      for _ in 0..<1_000 {
        let count = Int.random(in: 1...64, using: &random)
        let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        try side.run(ByteBuffer(bytes: bytes))
        #expect(side.handshake.retainedBytes <= 1_024)
      }
    }
  }
}
