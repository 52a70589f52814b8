internal import BitTorrent
internal import Metainfo
internal import NIOCore
internal import TestSupport
internal import Testing

@Suite("Discovery on the local network")
struct LocalDiscoveryTests {
  private static let neighbour = PeerAddress(ipv4: 0xc0a8_0107, port: 6_771)
  private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
  private static func hash(_ number: Int) -> SHA1Hash {
    SHA1Hash(hashing: Array("torrent \(number)".utf8))
  }

  private static func discovery(_ seed: UInt64, torrents: Int = 1) -> LocalDiscovery {
    var random = TestSupport.SeededGenerator(seed: seed)
    var discovery = LocalDiscovery(port: 6_881, random: &random, at: start)
    for number in 0..<torrents { discovery.add(hash(number), at: start) }
    return discovery
  }

  /// What another program sends, written out.
  private static func datagram(
    _ hashes: [SHA1Hash], port: String = "6882", cookie: String? = "other"
  ) -> [UInt8] {
    var text = "BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: \(port)\r\n"
    for hash in hashes { text += "Infohash: \(hash.hex)\r\n" }
    if let cookie { text += "cookie: \(cookie)\r\n" }
    return Array((text + "\r\n\r\n").utf8)
  }

  @Test("writes what BEP 14 asks for, to the group of each kind")
  func announcement() {
    var discovery = Self.discovery(1)
    let sent = discovery.tick([.ipv4, .ipv6], at: Self.start)
    #expect(sent.map(\.group.description) == ["239.192.152.143:6771", "[ff15::efc0:988f]:6771"])
    let text = String(decoding: sent[0].datagram, as: UTF8.self)
    #expect(
      text.hasPrefix(
        "BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 6881\r\n"
          + "Infohash: \(Self.hash(0).hex)\r\ncookie: btt-"))
    #expect(text.hasSuffix("\r\n\r\n\r\n"))
    #expect(LocalAnnouncement(sent[0].datagram)?.infoHashes == [Self.hash(0)])
  }

  @Test("tells where peers of our torrents are: at the address that the datagram came from")
  func found() {
    var discovery = Self.discovery(1, torrents: 2)
    let bytes = Self.datagram([Self.hash(1), Self.hash(7), Self.hash(0)])
    let found = discovery.receive(bytes, from: Self.neighbour, at: Self.start)
    #expect(found.map(\.infoHash) == [Self.hash(1), Self.hash(0)])
    #expect(found.allSatisfy { $0.peer == PeerAddress(ipv4: 0xc0a8_0107, port: 6_882) })
    discovery.remove(Self.hash(1))
    #expect(discovery.receive(bytes, from: Self.neighbour, at: Self.start).count == 1)
  }

  @Test("does not find itself")
  func own() {
    var discovery = Self.discovery(1)
    for (datagram, _) in discovery.tick([.ipv4], at: Self.start) {
      #expect(discovery.receive(datagram, from: Self.neighbour, at: Self.start).isEmpty)
      var other = Self.discovery(2)
      #expect(other.receive(datagram, from: Self.neighbour, at: Self.start).count == 1)
    }
  }

  @Test("announces at most once a minute, and a torrent every five")
  func pace() {
    var discovery = Self.discovery(1)
    var times: [Int64] = []
    for second in Int64(0)..<1_200 {
      let now = Self.start + .seconds(second)
      if second == 30 { discovery.add(Self.hash(1), at: now) }
      if !discovery.tick([.ipv4], at: now).isEmpty { times.append(second) }
    }
    #expect(times == [0, 60, 300, 360, 600, 660, 900, 960])
  }

  @Test("puts many torrents into few datagrams, none of them too long")
  func many() {
    var discovery = Self.discovery(1, torrents: 100)
    let sent = discovery.tick([.ipv6], at: Self.start)
    #expect(sent.count == 5)
    #expect(sent.allSatisfy { $0.datagram.count <= LocalAnnouncement.maximumLength })
    #expect(sent.flatMap { LocalAnnouncement($0.datagram)?.infoHashes ?? [] }.count == 100)
  }

  @Test("is deaf to hosts that are not local, even if they reach the port")
  func farAway() {
    var discovery = Self.discovery(1)
    let far = PeerAddress(ipv4: 0x0808_0808, port: 6_771)
    #expect(discovery.receive(Self.datagram([Self.hash(0)]), from: far, at: Self.start).isEmpty)
  }

  @Test("hears few announcements of a host in a minute, and few hosts")
  func flood() {
    var discovery = Self.discovery(1)
    let bytes = Self.datagram([Self.hash(0)])
    var heard = 0
    for _ in 0..<1_000 {
      heard += discovery.receive(bytes, from: Self.neighbour, at: Self.start).count
    }
    #expect(heard == LocalDiscovery.datagramsPerHost)
    heard = 0
    for host in 0..<UInt32(2_000) {
      let address = PeerAddress(ipv4: 0x0a00_0000 | host, port: 6_771)
      heard += discovery.receive(bytes, from: address, at: Self.start).count
    }
    #expect(heard == LocalDiscovery.maximumHosts - 1)
    let later = Self.start + LocalDiscovery.pause
    #expect(discovery.receive(bytes, from: Self.neighbour, at: later).count == 1)
  }

  @Test(
    "takes nothing from what is no announcement",
    arguments: [
      "", "BT-SEARCH * HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
      "BT-SEARCH * HTTP/1.1\r\nPort: 6881\r\n\r\n",
      "BT-SEARCH * HTTP/1.1\r\nInfohash: 0123456789012345678901234567890123456789\r\n\r\n",
      "BT-SEARCH * HTTP/1.1\r\nPort: 0\r\nInfohash: 0123456789012345678901234567890123456789\r\n",
      "BT-SEARCH * HTTP/1.1\r\nPort: 65536\r\nInfohash: 0123456789012345678901234567890123456789\r\n",
      "BT-SEARCH * HTTP/1.1\r\nPort: +1\r\nInfohash: 0123456789012345678901234567890123456789\r\n",
      "BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: 01234567890123456789012345678901234567\r\n",
      "BT-SEARCH * HTTP/1.1\r\nPort: 1\r\nInfohash: 012345678901234567890123456789012345678z\r\n",
      "BT-SEARCH * HTTP/1.1\r\nno colon\r\nPort: 1\r\nInfohash: "
        + "0123456789012345678901234567890123456789\r\n",
    ])
  func malformed(_ text: String) {
    #expect(LocalAnnouncement(Array(text.utf8)) == nil)
  }

  @Test("reads headers of any case, and only so many torrents")
  func lenient() throws {
    let text =
      "BT-SEARCH * HTTP/1.1\nhOST:x\npORT:  7 \nX-New: y\nINFOHASH:\t\(Self.hash(0).hex)\n\n"
    let read = try #require(LocalAnnouncement(Array(text.utf8)))
    #expect(read.port == 7)
    #expect(read.infoHashes == [Self.hash(0)])
    #expect(read.cookie == nil)
    var long = "BT-SEARCH * HTTP/1.1\nPort: 7\n"
    while long.utf8.count < LocalAnnouncement.maximumLength - 60 {
      long += "Infohash: \(Self.hash(long.utf8.count).hex)\n"
    }
    let many = try #require(LocalAnnouncement(Array(long.utf8)))
    #expect(many.infoHashes.count == LocalAnnouncement.maximumTorrents)
    #expect(LocalAnnouncement(Array((long + String(repeating: "x", count: 100)).utf8)) == nil)
  }
}
