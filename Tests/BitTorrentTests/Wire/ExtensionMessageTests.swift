import BitTorrent
import Metainfo
import NIOCore
import Primitives
import TestSupport
import Testing

@Suite("Extension messages")
struct ExtensionMessageTests {
  private static func captured() throws -> [PeerMessage] {
    var bytes = try LibtorrentCapture.bytes()
    bytes.moveReaderIndex(forwardBy: Handshake.length)
    return try PeerMessageDecoderTests.messages([bytes])
  }

  private static func payload(_ message: PeerMessage) throws -> ByteBuffer {
    guard case .extended(_, let payload) = message else { throw PeerFault.malformedExtension }
    return payload
  }

  @Test("libtorrent's extension handshake is read")
  func libtorrent() throws {
    let handshake = try ExtensionHandshake(Self.payload(Self.captured()[0]))
    #expect(
      handshake.extensions == [
        "lt_donthave": 7, "share_mode": 8, "upload_only": 3, "ut_holepunch": 4, "ut_metadata": 2,
        "ut_pex": 1,
      ])
    #expect(handshake.client == "libtorrent/2.1.1.0")
    #expect(handshake.metadataSize == 231)
    #expect(handshake.requestQueue == 2_000)
    #expect(handshake.uploadOnly == true)
    #expect(handshake.yourAddress == PeerAddress("127.0.0.1:0"))
    #expect(handshake.others == [.init("complete_ago", .encoded(Array("i-1e".utf8)))])
  }

  @Test("A handshake survives encoding, also with entries that are not known")
  func roundTrip() throws {
    var handshake = ExtensionHandshake()
    handshake.extensions = ["ut_metadata": 2, "gone": 0]
    handshake.port = 6_881
    handshake.client = "btt"
    handshake.ipv4 = PeerAddress("1.2.3.4:0")
    handshake.ipv6 = PeerAddress("[2001:db8::1]:0")
    handshake.yourAddress = PeerAddress("[2001:db8::2]:0")
    handshake.requestQueue = 500
    handshake.metadataSize = 1_234
    handshake.uploadOnly = false
    handshake.others = [.init("pay", .encoded(Array("d1:ai1ee".utf8)))]
    #expect(try ExtensionHandshake(Self.payload(handshake.message)) == handshake)
    #expect(handshake.id(of: "ut_metadata") == 2)
    #expect(handshake.id(of: "gone") == nil)
    #expect(handshake.id(of: "none") == nil)
  }

  @Test("A client's name is made fit to be printed")
  func client() throws {
    let name = "evil\u{1b}[2J\u{202e}" + String(repeating: "x", count: 200)
    let payload = ByteBuffer(string: "d1:v\(name.utf8.count):\(name)e")
    let client = try #require(try ExtensionHandshake(payload).client)
    #expect(client == "evil?[2J?" + String(repeating: "x", count: 89))
  }

  @Test("A later handshake replaces what it names, and no more")
  func update() throws {
    var first = ExtensionHandshake()
    first.extensions = ["a": 1, "b": 2]
    first.client = "one"
    first.requestQueue = 10
    first.others = [.init("x", 1), .init("y", 2)]
    var later = ExtensionHandshake()
    later.extensions = ["b": 0, "c": 3]
    later.uploadOnly = true
    later.others = [.init("y", 3)]
    first.update(with: later)
    #expect(first.extensions == ["a": 1, "b": 0, "c": 3])
    #expect(first.client == "one")
    #expect(first.requestQueue == 10)
    #expect(first.uploadOnly == true)
    #expect(first.others == [.init("x", 1), .init("y", 3)])
  }

  @Test("An entry of a wrong kind or size counts as absent")
  func wrongKinds() throws {
    let text = """
      d1:md1:ai300e1:bi-1e1:c1:x1:di4ee1:pi65536e4:ipv43:abc4:ipv64:abcd13:metadata_sizei0e\
      4:reqqi-5e6:yourip5:abcde1:vi7ee
      """
    let handshake = try ExtensionHandshake(ByteBuffer(string: text))
    var expected = ExtensionHandshake()
    expected.extensions = ["d": 4]
    #expect(handshake == expected)
  }

  @Test(
    "What is no dictionary, or bencoding too deep, is a fault",
    arguments: [
      "", "x", "le", "i1e", "d1:md",
      "d1:x" + String(repeating: "l", count: 100)
        + String(repeating: "e", count: 101),
    ])
  func malformed(_ text: String) {
    #expect(throws: PeerFault.malformedExtension) {
      try ExtensionHandshake(ByteBuffer(string: text))
    }
    #expect(throws: PeerFault.malformedExtension) {
      try MetadataMessage.decode(ByteBuffer(string: text))
    }
  }

  @Test("libtorrent's metadata messages are read, and the data has the infohash")
  func metadata() throws {
    let messages = try Self.captured()
    guard case .data(0, 231, let data) = try MetadataMessage.decode(Self.payload(messages[7]))
    else {
      Issue.record("no metadata")
      return
    }
    #expect(SHA1Hash(hashing: data.readableBytesView).hex == LibtorrentCapture.v1InfoHash)
    #expect(try MetadataMessage.decode(Self.payload(messages[8])) == .reject(piece: 9))
  }

  @Test("Metadata messages have the bytes of BEP 9, and come back")
  func metadataBytes() throws {
    let data = ByteBuffer(string: "xxxxxxxx")
    for (message, text) in [
      (MetadataMessage.request(piece: 0), "d8:msg_typei0e5:piecei0ee"),
      (
        .data(piece: 0, totalSize: 34_256, data),
        "d8:msg_typei1e5:piecei0e10:total_sizei34256eexxxxxxxx"
      ),
      (.reject(piece: 0), "d8:msg_typei2e5:piecei0ee"),
    ] {
      #expect(message.payload == ByteBuffer(string: text))
      #expect(try MetadataMessage.decode(ByteBuffer(string: text)) == message)
    }
  }

  @Test("A kind of metadata message that is not known is passed over")
  func unknownMetadata() throws {
    #expect(try MetadataMessage.decode(ByteBuffer(string: "d8:msg_typei9e5:piecei0ee")) == nil)
  }

  @Test(
    "Metadata without its fields, or with impossible ones, is a fault",
    arguments: [
      "de", "d8:msg_typei0ee", "d5:piecei0ee", "d8:msg_typei0e5:piecei-1ee",
      "d8:msg_typei0e5:piecei99999999999ee", "d8:msg_typei1e5:piecei0eex",
      "d8:msg_typei1e5:piecei0e10:total_sizei1ee", "d8:msg_typei1e5:piecei0e10:total_sizei-1eex",
      "d8:msg_typei1e5:piecei0e10:total_sizei20000ee" + String(repeating: "x", count: 16_385),
    ])
  func metadataFaults(_ text: String) {
    #expect(throws: PeerFault.malformedExtension) {
      try MetadataMessage.decode(ByteBuffer(string: text))
    }
  }

  @Test("donthave and upload_only are read and written")
  func small() throws {
    let lost = DontHave(piece: 0x0102_0304)
    #expect(lost.message(id: 7) == .extended(id: 7, payload: ByteBuffer(bytes: [1, 2, 3, 4])))
    #expect(try DontHave(Self.payload(lost.message(id: 7))) == lost)
    #expect(throws: PeerFault.malformedExtension) { try DontHave(ByteBuffer(bytes: [1, 2, 3])) }
    #expect(throws: PeerFault.malformedExtension) {
      try DontHave(ByteBuffer(repeating: 0, count: 5))
    }
    #expect(UploadOnly(true).message(id: 3) == .extended(id: 3, payload: ByteBuffer(bytes: [1])))
    #expect(try UploadOnly(ByteBuffer(bytes: [0])).isUploadOnly == false)
    #expect(try UploadOnly(ByteBuffer(bytes: [0, 0, 0, 1])).isUploadOnly)
    #expect(throws: PeerFault.malformedExtension) { try UploadOnly(ByteBuffer()) }
  }

  @Test("No payload makes a reader trap")
  func garbage() {
    var random = SeededGenerator()
    let seed = Array("d1:md11:ut_metadatai2ee1:pi1e8:msg_typei1e5:piecei0e10:total_sizei9eexx".utf8)
    for _ in 0..<2_000 {
      var bytes = seed
      for _ in 0..<3 {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
          in: 0...127, using: &random)
      }
      let payload = ByteBuffer(bytes: bytes.prefix(Int.random(in: 0...seed.count, using: &random)))
      _ = try? ExtensionHandshake(payload)
      _ = try? MetadataMessage.decode(payload)
    }
  }
}
