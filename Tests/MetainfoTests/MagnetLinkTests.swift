internal import Metainfo
internal import Primitives
internal import TestSupport
internal import Testing

@Suite struct MagnetLinkTests {
  static let v1 = "cdababababababababababababababababababab"
  static let v2 = String(repeating: "ab", count: 32)

  @Test func readsEveryParameter() throws {
    let link = try MagnetLink(
      "magnet:?xt=urn:btih:\(Self.v1)&dn=a+b%20c%2Fd&tr=http%3A%2F%2Ft%2Fa&tr=udp://x:1&tr.2=udp://y:2"
        + "&x.pe=127.0.0.1:80&x.pe=[::1]:81&x.pe=host.example:82&so=0,2,4,6-8&xl=5&ws=http://w/&foo=bar"
    )
    #expect(link.hashes == InfoHashes(v1: try SHA1Hash(hex: Self.v1), v2: nil))
    #expect(link.name == "a b cd")
    #expect(link.trackers == ["http://t/a", "udp://x:1", "udp://y:2"])
    #expect(link.peers.map(\.description) == ["127.0.0.1:80", "[::1]:81", "host.example:82"])
    #expect(link.selection?.ranges == [0...0, 2...2, 4...4, 6...8])
    #expect(link.length == 5 && link.webSeeds == ["http://w/"])
  }

  @Test func readsBase32AndTheHashesOfBothFormats() throws {
    // Written by Python's base64.b32encode.
    let base32 = try MagnetLink("magnet:?xt=urn:btih:ZWV2XK5LVOV2XK5LVOV2XK5LVOV2XK5L")
    #expect(base32.hashes.v1?.hex == Self.v1)
    #expect(try MagnetLink("MAGNET:?XT=URN:BTIH:zwv2xk5lvov2xk5lvov2xk5lvov2xk5l") == base32)
    let both = try MagnetLink("magnet:?xt.1=urn:btih:\(Self.v1)&xt.2=urn:btmh:1220\(Self.v2)")
    #expect(both.hashes.v1 == base32.hashes.v1)
    #expect(both.hashes.v2 == (try Hash256(hex: Self.v2)))
    let v2 = try MagnetLink("magnet:?xt=urn%3Abtmh%3A1220\(Self.v2.uppercased())")
    #expect(v2.hashes == InfoHashes(v1: nil, v2: try Hash256(hex: Self.v2)))
    #expect(v2.hashes.wire == [try SHA1Hash(hex: Self.v2.prefix(40))])
  }

  @Test(
    arguments: [
      ("", MagnetError.notMagnet), ("http://x/", .notMagnet), ("magnet:xt=urn:btih:", .notMagnet),
      ("magnet:?", .noInfohash), ("magnet:?dn=x", .noInfohash), ("magnet:?xt", .noInfohash),
      ("magnet:?xt=urn:sha1:ZWV2XK5LVOV2XK5LVOV2XK5LVOV2XK5L", .noInfohash),
      ("magnet:?xt=urn:btih:", .invalidInfohash), ("magnet:?xt=urn:btih:cdab", .invalidInfohash),
      ("magnet:?xt=urn:btih:ZWV2XK5LVOV2XK5LVOV2XK5LVOV2XK51", .invalidInfohash),
      ("magnet:?xt=urn:btih:" + String(repeating: "g", count: 40), .invalidInfohash),
      ("magnet:?xt=urn:btmh:1220abcd", .invalidInfohash),
      ("magnet:?xt=urn:btmh:1320" + v2, .invalidInfohash),
      ("magnet:?xt=urn:btmh:12200x" + v2.dropLast(2), .invalidInfohash),
      ("magnet:?xt=urn:btih:\(v1)&xt=urn:btih:\(v1.dropLast())0", .conflictingInfohashes),
      ("magnet:?xt=urn:btih:\(v1)&so=", .invalidSelection),
      ("magnet:?xt=urn:btih:\(v1)&so=3-1", .invalidSelection),
      ("magnet:?xt=urn:btih:\(v1)&so=1-2-3", .invalidSelection),
      ("magnet:?xt=urn:btih:\(v1)&so=-1", .invalidSelection),
      ("magnet:?xt=urn:btih:\(v1)&so=99999999999999999999", .invalidSelection),
      ("magnet:?" + String(repeating: "a", count: 65_536), .tooLong(limit: 65_536)),
    ] as [(String, MagnetError)])
  func refusesWhatNamesNoTorrent(text: String, error: MagnetError) {
    #expect(throws: error) { try MagnetLink(text) }
  }

  @Test func boundsItsLists() throws {
    let addresses = (0..<300).map { "&tr=udp://t:\($0)&x.pe=h:\($0 + 1)&ws=http://\($0)/" }
    let link = try MagnetLink("magnet:?xt=urn:btih:\(Self.v1)" + addresses.joined())
    #expect(link.trackers.count == 100 && link.peers.count == 100 && link.webSeeds.count == 100)
    let ranges = (0...1000).map { "\(2 * $0)" }.joined(separator: ",")
    #expect(throws: MagnetError.invalidSelection) {
      try MagnetLink("magnet:?xt=urn:btih:\(Self.v1)&so=\(ranges)")
    }
  }

  @Test func passesOverAddressesThatCannotBe() throws {
    let link = try MagnetLink(
      "magnet:?xt=urn:btih:\(Self.v1)&x.pe=a&x.pe=a:0&x.pe=a:65536&x.pe=:5&x.pe=a%20b:5&x.pe=::1:5"
        + "&x.pe=a:-1&tr=&tr=a%0Ab&xl=-5&xl=x&dn=%2F")
    #expect(link.peers.isEmpty && link.trackers.isEmpty && link.length == nil && link.name == nil)
  }

  @Test func writesWhatItReads() throws {
    var random = SeededGenerator()
    for _ in 0..<200 {
      var link = MagnetLink(
        hashes: InfoHashes(v1: SHA1Hash(random.bytes(20)), v2: Hash256(random.bytes(32))))
      link.name = ["x", "ü & = % +", "a.b", nil].randomElement(using: &random) ?? nil
      link.trackers = ["http://t/?a=b&c=%20", "udp://x:1"].shuffled(using: &random)
      link.peers = [try #require(TorrentAddress("[::1]:81"))]
      link.selection = FileSelection("9-10,1,2,5")
      link.length = Int.random(in: 0...(1 << 47), using: &random)
      #expect(try MagnetLink(link.description) == link, "seed \(random.seed)")
    }
    // As libtorrent's make_magnet_uri writes it, but for the case of escapes.
    let link = try MagnetLink("magnet:?xt=urn:btih:\(Self.v1)&dn=a b c&tr=http://t/a&so=0,2,4,6-8")
    #expect(
      link.description
        == "magnet:?xt=urn:btih:\(Self.v1)&dn=a%20b%20c&tr=http%3A%2F%2Ft%2Fa&so=0,2,4,6-8")
  }

  @Test func mergesRangesOfASelection() throws {
    let selection = try #require(FileSelection("7-9,1,2,8-12,3-3"))
    #expect(selection.description == "1-3,7-12")
    #expect(selection.contains(2) && selection.contains(12) && !selection.contains(4))
  }

  @Test func numbersTheFilesOfAHybridWithoutItsPads() throws {
    typealias Case = TorrentRefusalTests
    let hybrid = try TorrentFixture.read(
      TorrentFixture.hybrid([Case.a, Case.pad, Case.b], Case.tree, pieces: 2)
    ).info
    let second = try #require(FileSelection("1"))
    #expect(hybrid.files(selectedBy: second) == [2])
    let tree = try TorrentFixture.read(TorrentFixture.v2(Case.tree)).info
    #expect(tree.files(selectedBy: second).map { tree.files[$0].relativePath } == ["temp/b"])
    let list = try TorrentFixture.read(
      TorrentFixture.multi([Case.a, Case.pad, Case.b], pieces: 2)
    ).info
    #expect(list.files(selectedBy: second) == [1])
    let beyond = try #require(FileSelection("2-999999999"))
    #expect(hybrid.files(selectedBy: beyond) == [] && list.files(selectedBy: beyond) == [2])
  }

  @Test func isMadeOfATorrent() throws {
    var torrent = try TorrentFixture.read(TorrentFixture.single())
    torrent.trackers = [["http://a/"], ["http://b/", "http://c/"]]
    let link = MagnetLink(torrent)
    #expect(link.hashes == torrent.info.hashes && link.name == "temp" && link.length == 10)
    #expect(link.trackers == ["http://a/", "http://b/", "http://c/"])
  }
}
