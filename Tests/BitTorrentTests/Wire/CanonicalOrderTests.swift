import BitTorrent
import Metainfo
import Testing

@Suite("Allowed-fast set and peer priority")
struct CanonicalOrderTests {
  private static func address(_ text: String) throws -> PeerAddress {
    try #require(PeerAddress(text))
  }

  @Test("The allowed-fast sets are those of BEP 6")
  func allowedFast() throws {
    let hash = try SHA1Hash(hex: String(repeating: "a", count: 40))
    let seven = [1_059, 431, 808, 1_217, 287, 376, 1_188]
    let address = try Self.address("80.4.4.200:1")
    #expect(
      AllowedFastSet.pieces(for: address, infoHash: hash, pieceCount: 1_313, count: 7) == seven)
    #expect(
      AllowedFastSet.pieces(for: address, infoHash: hash, pieceCount: 1_313, count: 9)
        == seven + [353, 508])
    // The last byte of the address does not count: one network, one set.
    #expect(
      AllowedFastSet.pieces(
        for: try Self.address("80.4.4.7:9"), infoHash: hash, pieceCount: 1_313, count: 7) == seven)
  }

  @Test("Small torrents give every piece, IPv6 and empty torrents none")
  func allowedFastEdges() throws {
    let address = try Self.address("80.4.4.200:1")
    #expect(
      AllowedFastSet.pieces(for: address, infoHash: .zero, pieceCount: 3).sorted() == [0, 1, 2])
    #expect(AllowedFastSet.pieces(for: address, infoHash: .zero, pieceCount: 0).isEmpty)
    #expect(
      AllowedFastSet.pieces(
        for: try Self.address("[2001:db8::1]:1"), infoHash: .zero, pieceCount: 99
      ).isEmpty)
  }

  // The first two are BEP 40's; the others were computed from its text by other code.
  @Test(
    "Peer priorities are those of BEP 40",
    arguments: [
      ("123.213.32.10:1", "98.76.54.32:2", 0xec2d_7224),
      ("123.213.32.10:1", "123.213.32.234:2", 0x9956_8189),
      ("123.213.32.10:1", "123.213.33.234:2", 0xf618_50a9),
      ("10.0.0.1:1", "10.0.0.1:2", 0x0c1d_a94e),
      ("[2001:db8:1:2:3:4:5:6]:1", "[2001:db9:1:2:3:4:5:6]:2", 0x0525_4818),
      ("[2001:db8:1:2:3:4:5:6]:1", "[2001:db8:1:1234::9]:2", 0x06ee_c636),
      ("[2001:db8:1:1212:3:4:5:6]:1", "[2001:db8:1:1234::9]:2", 0xd269_878c),
    ] as [(String, String, UInt32)])
  func priority(_ client: String, _ peer: String, _ expected: UInt32) throws {
    let (client, peer) = (try Self.address(client), try Self.address(peer))
    #expect(PeerPriority.of(client, peer) == expected)
    #expect(PeerPriority.of(peer, client) == expected)
  }
}
