import BitTorrent
import Metainfo
import NIOCore
import Primitives
import Testing

@Suite("Handshake")
struct HandshakeTests {
  private static func ours() throws -> Handshake {
    Handshake(
      features: .offered(v2: true), infoHash: try SHA1Hash(hex: LibtorrentCapture.v1InfoHash),
      peerID: try #require(PeerID(Array("-BT0100-abcdefghijkl".utf8))))
  }

  @Test("libtorrent's handshake is read, and what follows it is left")
  func libtorrent() throws {
    var buffer = try LibtorrentCapture.bytes()
    var decoder = HandshakeDecoder()
    let v2 = SHA1Hash(truncating: try Hash256(hex: LibtorrentCapture.v2InfoHash))
    let opening = try decoder.decode(&buffer)
    #expect(opening == .opening([.extended, .fast, .dht], v2))
    guard case .complete(let handshake) = try decoder.decode(&buffer) else {
      Issue.record("the handshake is not complete")
      return
    }
    #expect(handshake.infoHash == v2)
    #expect(handshake.peerID.description.hasPrefix("-LT2110-"))
    #expect(buffer.readerIndex == Handshake.length)
  }

  @Test("A handshake has the bytes of the standards")
  func bytes() throws {
    var buffer = ByteBuffer()
    try Self.ours().encode(into: &buffer)
    let head = [19] + Array("BitTorrent protocol".utf8) + [0, 0, 0, 0, 0, 0x10, 0, 0x14]
    let hash = try Hex.decode(LibtorrentCapture.v1InfoHash)
    #expect(
      [UInt8](buffer.readableBytesView) == head + hash + Array("-BT0100-abcdefghijkl".utf8))
  }

  @Test("It is read the same wherever the bytes are cut", arguments: 0...Handshake.length)
  func cut(_ at: Int) throws {
    var bytes = ByteBuffer()
    try Self.ours().encode(into: &bytes)
    var decoder = HandshakeDecoder()
    var steps: [HandshakeDecoder.Step] = []
    var first = bytes.readSlice(length: at) ?? ByteBuffer()
    for _ in 0..<2 { if let step = try decoder.decode(&first) { steps.append(step) } }
    // An answer is due at the infohash, before the peer id came.
    #expect(steps.count == (at == Handshake.length ? 2 : at >= 48 ? 1 : 0))
    while let step = try decoder.decode(&bytes) {
      steps.append(step)
      if case .complete = step { break }
    }
    #expect(
      steps == [
        .opening(.offered(v2: true), try Self.ours().infoHash), .complete(try Self.ours()),
      ])
  }

  @Test("A byte that no handshake has is refused at once", arguments: 0..<20)
  func refused(_ position: Int) {
    var bytes = Handshake.protocolName
    bytes[position] ^= 0x20
    var buffer = ByteBuffer(bytes: bytes[...position])
    var decoder = HandshakeDecoder()
    #expect(throws: PeerFault.notBitTorrent) { try decoder.decode(&buffer) }
  }
}
