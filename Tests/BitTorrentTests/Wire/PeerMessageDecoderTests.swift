import BitTorrent
import Metainfo
import NIOCore
import Primitives
import TestSupport
import Testing

@Suite("PeerMessageDecoder")
struct PeerMessageDecoderTests {
  /// All that a decoder makes of some reads.
  static func messages(
    _ reads: [ByteBuffer], features: PeerFeatures = [.fast, .extended], isV2: Bool = true
  ) throws -> [PeerMessage] {
    var decoder = PeerMessageDecoder(features: features, isV2: isV2)
    var messages: [PeerMessage] = []
    for read in reads {
      decoder.feed(read)
      while let message = try decoder.next() { messages.append(message) }
    }
    return messages
  }

  static func fault(
    _ bytes: [UInt8], features: PeerFeatures = [.fast, .extended], isV2: Bool = true
  ) -> PeerFault? {
    do {
      _ = try messages([ByteBuffer(bytes: bytes)], features: features, isV2: isV2)
      return nil
    } catch {
      return error as? PeerFault
    }
  }

  static func frame(_ id: UInt8, _ body: [UInt8] = []) -> [UInt8] {
    let count = UInt32(body.count + 1)
    return withUnsafeBytes(of: count.bigEndian) { [UInt8]($0) } + [id] + body
  }

  @Test("Reads what libtorrent sends")
  func libtorrent() throws {
    var bytes = try LibtorrentCapture.bytes()
    bytes.moveReaderIndex(forwardBy: Handshake.length)
    let messages = try Self.messages([bytes])
    try #require(messages.count == 12)
    guard case .extended(id: 0, let handshake) = messages[0] else {
      Issue.record("the first message is no extension handshake")
      return
    }
    #expect(handshake.readableBytes == 210)
    #expect(
      messages[1...6] == [
        .haveAll, .unchoke, .allowedFast(piece: 0), .allowedFast(piece: 1), .allowedFast(piece: 2),
        .unchoke,
      ])
    let content = (8_160..<8_192).map { position in
      let offset = 2 * 16_384 + position
      return UInt8((offset * 7 + offset / 256) % 251)
    }
    #expect(messages[9] == .piece(piece: 2, offset: 8_160, data: ByteBuffer(bytes: content)))
    let root = try Hash256(hex: LibtorrentCapture.piecesRoot)
    guard case .hashes(let request, let hashes) = messages[10] else {
      Issue.record("no hashes")
      return
    }
    #expect(
      request
        == HashRequest(piecesRoot: root, baseLayer: 0, index: 0, length: 2, proofLayers: 1))
    #expect(hashes.readableBytes == 3 * 32)
    #expect(
      messages[11]
        == .hashReject(
          HashRequest(piecesRoot: root, baseLayer: 0, index: 0, length: 4, proofLayers: 9)))
  }

  @Test("What is encoded again has libtorrent's bytes")
  func encodesTheSame() throws {
    var bytes = try LibtorrentCapture.bytes()
    bytes.moveReaderIndex(forwardBy: Handshake.length)
    var encoded = ByteBuffer()
    for message in try Self.messages([bytes]) {
      let before = encoded.readableBytes
      message.encode(into: &encoded)
      #expect(encoded.readableBytes - before == message.encodedLength)
    }
    #expect(encoded == bytes)
  }

  @Test("Messages are the same wherever a stream is cut")
  func cut() throws {
    var bytes = try LibtorrentCapture.bytes()
    bytes.moveReaderIndex(forwardBy: Handshake.length)
    let whole = try Self.messages([bytes])
    for at in 0...bytes.readableBytes {
      var rest = bytes
      let first = rest.readSlice(length: at) ?? ByteBuffer()
      #expect(try Self.messages([first, rest]) == whole, "cut at \(at)")
    }
    let single = bytes.readableBytesView.map { ByteBuffer(bytes: [$0]) }
    #expect(try Self.messages(single) == whole)
  }

  @Test("Random messages survive encoding and random cuts")
  func property() throws {
    var random = SeededGenerator()
    for _ in 0..<50 {
      let sent = (0..<40).map { _ in RandomMessage.make(using: &random) }
      var bytes = ByteBuffer()
      for message in sent { message.encode(into: &bytes) }
      var reads: [ByteBuffer] = []
      while bytes.readableBytes > 0 {
        let most = Bool.random(using: &random) ? 70_000 : 40
        let count = min(Int.random(in: 1...most, using: &random), bytes.readableBytes)
        reads.append(ByteBuffer(bytes: bytes.readBytes(length: count) ?? []))
      }
      #expect(try Self.messages(reads) == sent, "seed \(random.seed)")
    }
  }

  @Test("A block that lies whole in a well filled read is a view of it")
  func sharing() throws {
    let block = ByteBuffer(repeating: 7, count: 16_384)
    var read = ByteBufferAllocator().buffer(capacity: 32_768)
    PeerMessage.piece(piece: 1, offset: 0, data: block).encode(into: &read)
    guard case .piece(_, _, let view) = try Self.messages([read]).first else {
      Issue.record("no block")
      return
    }
    #expect(view == block)
    #expect(view.storageCapacity == read.storageCapacity)
  }

  @Test("A small block does not keep a large receive buffer")
  func copying() throws {
    var read = ByteBufferAllocator().buffer(capacity: 65_536)
    PeerMessage.piece(piece: 1, offset: 0, data: ByteBuffer(repeating: 7, count: 16_384))
      .encode(into: &read)
    guard case .piece(_, _, let copy) = try Self.messages([read]).first else {
      Issue.record("no block")
      return
    }
    #expect(copy.storageCapacity == 16_384)
  }

  @Test("A block spread over reads is gathered into 16 KiB")
  func gathering() throws {
    var bytes = ByteBuffer()
    let block = ByteBuffer(bytes: (0..<16_384).map { UInt8(truncatingIfNeeded: $0 / 3) })
    PeerMessage.piece(piece: 1, offset: 16_384, data: block).encode(into: &bytes)
    var reads: [ByteBuffer] = []
    while let read = bytes.readSlice(length: min(5_000, bytes.readableBytes)),
      read.readableBytes > 0
    {
      reads.append(read)
    }
    guard case .piece(1, 16_384, let data) = try Self.messages(reads).first else {
      Issue.record("no block")
      return
    }
    #expect(data == block)
    #expect(data.storageCapacity == 16_384)
  }

  @Test("Memory comes with bytes, not with a peer's word for a length")
  func promises() throws {
    var decoder = PeerMessageDecoder(features: .extended, isV2: false)
    decoder.feed(ByteBuffer(bytes: [0, 0x0f, 0xff, 0xff, 20, 99]))
    #expect(try decoder.next() == nil)
    #expect(decoder.retainedCapacity < 20_000)
    for _ in 0..<40 {
      decoder.feed(ByteBuffer(repeating: 0, count: 1_000))
      #expect(try decoder.next() == nil)
    }
    #expect(decoder.retainedCapacity < 90_000)
  }

  @Test("Between messages no receive buffer is kept")
  func idle() throws {
    var decoder = PeerMessageDecoder(features: .extended, isV2: false)
    var read = ByteBufferAllocator().buffer(capacity: 65_536)
    read.writeBytes(Self.frame(0) + [0, 0])
    decoder.feed(read)
    #expect(try decoder.next() == .choke)
    #expect(try decoder.next() == nil)
    #expect(decoder.retainedCapacity < 100)
  }

  @Test("Keep-alives in a row are one")
  func keepAlives() throws {
    let bytes = [UInt8](repeating: 0, count: 4 * 10_000) + Self.frame(0) + [0, 0, 0, 0]
    #expect(
      try Self.messages([ByteBuffer(bytes: bytes)]) == [.keepAlive, .choke, .keepAlive])
  }

  @Test(
    "A message that cannot have its length is a fault",
    arguments: [
      (0, 1), (1, 1), (2, 4), (3, 1), (4, 3), (4, 5), (6, 11), (6, 13), (7, 7), (7, 8),
      (7, 16_393), (8, 11), (9, 1), (13, 3), (14, 1), (16, 13), (17, 5), (20, 0), (21, 47),
      (21, 49), (22, 47), (22, 49), (23, 32),
    ] as [(UInt8, Int)])
  func lengths(_ id: UInt8, _ count: Int) {
    let bytes = Self.frame(id, [UInt8](repeating: 1, count: count))
    #expect(Self.fault(bytes) == .wrongLength(id: id, length: count + 1))
    // It is told by the header alone.
    #expect(Self.fault(Array(bytes[..<5])) == .wrongLength(id: id, length: count + 1))
  }

  @Test("Lengths over the limits are a fault before any of the bytes came")
  func tooLong() {
    #expect(Self.fault([0, 0x10, 0, 1, 20]) == .messageTooLong(1 << 20 + 1))
    #expect(Self.fault([0xff, 0xff, 0xff, 0xff]) == .messageTooLong(4_294_967_295))
    // ut_metadata: 17 KiB.
    let metadata = ExtensionHandshake.LocalID.metadata
    #expect(Self.fault([0, 0, 0x44, 0x03, 20, metadata]) == .messageTooLong(0x4403))
    #expect(Self.fault([0, 0, 0x44, 0x02, 20, metadata]) == nil)
    #expect(Self.fault([0, 4, 0, 2, 5]) == .wrongLength(id: 5, length: 262_146))
    #expect(Self.fault([0, 4, 0, 1, 5]) == nil)
  }

  @Test("Messages of extensions that were not agreed on are a fault")
  func notAgreed() {
    let index = [UInt8](repeating: 0, count: 4)
    for (id, count) in [(13, 4), (14, 0), (15, 0), (16, 12), (17, 4)] as [(UInt8, Int)] {
      let bytes = Self.frame(id, [UInt8](repeating: 0, count: count))
      #expect(Self.fault(bytes, features: .extended) == .notNegotiated(id: id))
      #expect(Self.fault(bytes, features: .fast) == nil)
    }
    #expect(Self.fault(Self.frame(20, index), features: .fast) == .notNegotiated(id: 20))
    let hashes = Self.frame(23, [UInt8](repeating: 0, count: 42) + [1] + index + [1])
    #expect(Self.fault(hashes, isV2: false) == .notNegotiated(id: 23))
    #expect(Self.fault(hashes, features: .v2, isV2: false) != .notNegotiated(id: 23))
  }

  @Test("Have-none comes first, or is a fault")
  func outOfTurn() {
    let have = Self.frame(4, [0, 0, 0, 1])
    let none = Self.frame(15, [])
    #expect(Self.fault(none + have) == nil)
    #expect(Self.fault(have + none) == .outOfTurn(id: 15))
    #expect(Self.fault(none + none) == .outOfTurn(id: 15))
    // These may precede it.
    let extended = Self.frame(20, [0, 0x64, 0x65])
    #expect(Self.fault([0, 0, 0, 0] + extended + Self.frame(9, [1, 2]) + none) == nil)
  }

  @Test("A bitfield or have-all may come at any time, as aria2 sends them")
  func late() {
    let have = Self.frame(4, [0, 0, 0, 1])
    #expect(Self.fault(have + Self.frame(5, [0xff]) + Self.frame(14, [])) == nil)
  }

  @Test("Unknown messages, empty and huge requests, and impossible layers are faults")
  func fields() {
    #expect(Self.fault(Self.frame(10)) == .unknownMessage(id: 10))
    func request(_ length: Int) -> [UInt8] {
      Self.frame(
        6,
        [
          0, 0, 0, 1, 0, 0, 0, 2, 0, UInt8(length >> 16), UInt8(length >> 8 & 0xff),
          UInt8(length & 0xff),
        ])
    }
    for length in [0, 16_385, 131_072] {
      #expect(
        Self.fault(request(length))
          == .invalidRequest(BlockRequest(piece: 1, offset: 2, length: length)))
    }
    #expect(Self.fault(request(16_384)) == nil)
    func hashRequest(_ layer: UInt8, _ length: UInt8, _ proof: UInt8) -> [UInt8] {
      let root = [UInt8](repeating: 9, count: 32)
      return Self.frame(
        21, root + [0, 0, 0, layer, 0, 0, 0, 0, 0, 0, length, 0, 0, 0, 0, proof])
    }
    #expect(Self.fault(hashRequest(64, 2, 1)) == .invalidField(id: 21))
    #expect(Self.fault(hashRequest(0, 0, 1)) == .invalidField(id: 21))
    #expect(Self.fault(hashRequest(0, 33, 1)) == .invalidField(id: 21))
    #expect(Self.fault(hashRequest(0, 2, 64)) == .invalidField(id: 21))
    #expect(Self.fault(hashRequest(0, 32, 63)) == nil)
  }

  @Test("No bytes make it trap, and what it reads encodes to what was read")
  func garbage() throws {
    var random = SeededGenerator()
    for _ in 0..<2_000 {
      // A plausible header now and then, so that the bodies get their share.
      var bytes: [UInt8] = []
      for _ in 0..<4 {
        let count = Int.random(in: 0...60, using: &random)
        bytes += Self.frame(UInt8.random(in: 0...24, using: &random), random.bytes(count))
      }
      var decoder = PeerMessageDecoder(features: [.fast, .extended], isV2: true)
      decoder.feed(ByteBuffer(bytes: bytes))
      var encoded = ByteBuffer()
      while let message = try? decoder.next() { message.encode(into: &encoded) }
      #expect(bytes.starts(with: encoded.readableBytesView), "seed \(random.seed)")
    }
  }
}

/// Messages whose fields are random, within the protocol's bounds.
enum RandomMessage {
  static func make(using random: inout SeededGenerator) -> PeerMessage {
    func number(_ limit: Int = Int(UInt32.max)) -> Int { Int.random(in: 0...limit, using: &random) }
    func block() -> BlockRequest {
      BlockRequest(piece: number(), offset: number(), length: 1 + number(16_383))
    }
    func hashes() -> HashRequest {
      HashRequest(
        piecesRoot: Hash256(random.bytes(32)) ?? .zero, baseLayer: number(63), index: number(),
        length: 1 + number(8_191), proofLayers: number(63))
    }
    switch number(15) {
    case 0: return .choke
    case 1: return .unchoke
    case 2: return .interested
    case 3: return .notInterested
    case 4: return .have(piece: number())
    case 5: return .request(block())
    case 6:
      return .piece(
        piece: number(), offset: number(), data: ByteBuffer(bytes: random.bytes(1 + number(16_383)))
      )
    case 7: return .cancel(block())
    case 8: return .port(UInt16(number(65_535)))
    case 9: return .suggest(piece: number())
    case 10: return .reject(block())
    case 11: return .allowedFast(piece: number())
    case 12: return .extended(id: 40, payload: ByteBuffer(bytes: random.bytes(number(40_000))))
    case 13: return .hashRequest(hashes())
    case 14: return .hashes(hashes(), ByteBuffer(bytes: random.bytes(32 * number(20))))
    default: return .hashReject(hashes())
    }
  }
}
