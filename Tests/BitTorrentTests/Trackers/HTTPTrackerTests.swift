import BitTorrent
import Metainfo
import TestSupport
import Testing

@Suite("HTTP tracker queries and answers")
struct HTTPTrackerTests {
  private static let source = PeerAddress(ipv4: 0x0808_0808, port: 80)

  private static func answer(
    _ text: String, from source: PeerAddress = source
  ) throws -> TrackerAnswer {
    try HTTPTrackerAnswer.announce(Array(text.utf8), from: source)
  }

  private static func announce() throws -> TrackerAnnounce {
    TrackerAnnounce(
      infoHash: try SHA1Hash(hex: "123456789abcdef123456789abcdef123456789a"),
      peerID: try #require(PeerID(Array("-BT0100-abc ~.-_&=%+".utf8))), port: 6_881,
      progress: TrackerProgress(uploaded: 1, downloaded: 2, left: 3), event: .started, wanted: 50,
      key: 0xabc)
  }

  @Test("An announce has the parameters of the standard, escaped as its text does")
  func query() throws {
    let url = try #require(TrackerURL("http://tracker.example/announce"))
    // The infohash is the example of the BitTorrent wiki, with its escaped form.
    #expect(
      HTTPTrackerQuery.target(of: try Self.announce(), to: url)
        == "/announce?info_hash=%124Vx%9A%BC%DE%F1%23Eg%89%AB%CD%EF%124Vx%9A"
        + "&peer_id=-BT0100-abc%20~.-_%26%3D%25%2B&port=6881&uploaded=1&downloaded=2&left=3"
        + "&key=00000ABC&event=started&numwant=50&compact=1&no_peer_id=1")
  }

  @Test("Parameters follow those that the address has, and who leaves wants no peers")
  func queryAfterQuery() throws {
    let url = try #require(TrackerURL("http://tracker.example/announce?passkey=7"))
    var announce = try Self.announce()
    announce.event = .stopped
    announce.trackerID = [0, 65]
    let target = HTTPTrackerQuery.target(of: announce, to: url)
    #expect(target.hasPrefix("/announce?passkey=7&info_hash=%124Vx"))
    #expect(target.hasSuffix("&event=stopped&numwant=0&compact=1&no_peer_id=1&trackerid=%00A"))
  }

  @Test("A scrape names its torrents")
  func scrapeQuery() throws {
    let url = try #require(TrackerURL("http://tracker.example/announce.php"))
    let hashes = [SHA1Hash.zero, try Self.announce().infoHash]
    let zeros = String(repeating: "%00", count: 20)
    #expect(
      HTTPTrackerQuery.target(ofScrape: hashes, at: url)
        == "/scrape.php?info_hash=\(zeros)&info_hash=%124Vx%9A%BC%DE%F1%23Eg%89%AB%CD%EF%124Vx%9A")
    let other = try #require(TrackerURL("http://tracker.example/a"))
    #expect(HTTPTrackerQuery.target(ofScrape: hashes, at: other) == nil)
  }

  @Test("A compact answer is read, with IPv6 peers, our address and the counts")
  func compact() throws {
    var bytes = Array("d8:completei5e10:incompletei7e8:intervali1800e12:min intervali900e".utf8)
    bytes += Array("11:external ip4:".utf8) + [9, 8, 7, 6]
    bytes += Array("5:peers12:".utf8) + [1, 2, 3, 4, 0x1a, 0xe1, 5, 6, 7, 8, 0, 80]
    bytes += Array("6:peers618:".utf8) + [0x20, 1, 0xd, 0xb8]
    bytes += [UInt8](repeating: 0, count: 11) + [1, 0, 1]
    bytes += Array("10:tracker id3:abc15:warning message5:carefe".utf8)
    let answer = try HTTPTrackerAnswer.announce(bytes, from: Self.source)
    #expect(
      answer.peers.map(\.description) == ["1.2.3.4:6881", "5.6.7.8:80", "[2001:db8::1]:1"])
    #expect(answer.interval == .seconds(1_800))
    #expect(answer.minimumInterval == .seconds(900))
    #expect(answer.counts == TrackerCounts(complete: 5, incomplete: 7))
    #expect(answer.externalAddress?.ip == "9.8.7.6")
    #expect(answer.trackerID == Array("abc".utf8))
    #expect(answer.warning == "caref")
  }

  @Test("A list of peers is read; names of hosts and impossible ports are passed over")
  func dictionaries() throws {
    let answer = try Self.answer(
      """
      d8:intervali0e5:peersld2:ip7:1.2.3.47:peer id20:aaaaaaaaaaaaaaaaaaaa4:porti1eed2:ip11:2001:db8::14:porti2ee\
      d2:ip9:localhost4:porti3eed2:ip7:1.2.3.44:porti70000eed4:porti5eei7e0:ee
      """)
    #expect(answer.peers.map(\.description) == ["1.2.3.4:1", "[2001:db8::1]:2"])
    #expect(answer.interval == .zero)
  }

  @Test("Peers are told once, up to the limit")
  func limit() throws {
    var bytes = Array("d5:peers60000:".utf8)
    for index in 0..<10_000 {
      bytes += [1, 2, UInt8(index % 5_000 >> 8), UInt8(index % 5_000 & 0xff), 0, 1]
    }
    let answer = try HTTPTrackerAnswer.announce(bytes + Array("e".utf8), from: Self.source)
    #expect(answer.peers.count == TrackerAnswer.maximumPeers)
    #expect(Set(answer.peers).count == answer.peers.count)
  }

  @Test("A tracker elsewhere cannot name local peers, a local one can")
  func local() throws {
    let text =
      "d5:peersld2:ip9:127.0.0.14:porti22eed2:ip8:10.0.0.14:porti2eed2:ip7:1.2.3.44:porti0eeee"
    #expect(try Self.answer(text).peers.isEmpty)
    let loopback = try #require(PeerAddress("127.0.0.1:6969"))
    #expect(
      try Self.answer(text, from: loopback).peers.map(\.description)
        == ["127.0.0.1:22", "10.0.0.1:2"])
  }

  @Test(
    "A refusal is told in printable words, with the time to stay away",
    arguments: [
      ("d14:failure reason4:gonee", "gone", nil),
      ("d14:failure reason5:a\u{1b}[1me", "a?[1m", nil),
      ("d14:failure reason4:gone8:retry ini5ee", "gone", .after(.seconds(300))),
      ("d14:failure reason4:gone8:retry in1:2e", "gone", .after(.seconds(120))),
      ("d14:failure reason4:gone8:retry in5:nevere", "gone", .never),
      ("d14:failure reason4:gone8:retry ini-5ee", "gone", .after(.zero)),
      (
        "d14:failure reason4:gone8:retry ini9223372036854775807ee", "gone",
        .after(.seconds(604_800))
      ),
    ] as [(String, String, TrackerFailure.Retry?)])
  func refusal(_ text: String, _ reason: String, _ retry: TrackerFailure.Retry?) {
    #expect(throws: TrackerFailure.refused(reason, retry: retry)) { try Self.answer(text) }
  }

  @Test("What is no answer is malformed", arguments: ["", "<html>", "le", "d", "d5:peers9:e"])
  func malformed(_ text: String) {
    #expect(throws: TrackerFailure.malformed) { try Self.answer(text) }
    #expect(throws: TrackerFailure.malformed) {
      try HTTPTrackerAnswer.scrape(Array(text.utf8), of: [.zero])
    }
  }

  @Test("An answer over 1 MiB is too large")
  func tooLarge() {
    #expect(throws: TrackerFailure.tooLarge) {
      try HTTPTrackerAnswer.announce(
        [UInt8](repeating: 0x20, count: 1 << 20 + 1), from: Self.source)
    }
  }

  @Test("Odd values of an answer count as absent")
  func odd() throws {
    let answer = try Self.answer(
      "d8:completei-1e11:external ip3:abc10:incomplete1:x8:intervali-5e12:min interval1:95:peersi4ee"
    )
    #expect(answer == TrackerAnswer())
  }

  @Test("A scrape's answer is read, other torrents are left out")
  func scrape() throws {
    let hash = SHA1Hash.zero
    var bytes = Array("d5:filesd20:".utf8) + hash.bytes
    bytes += Array(
      "d8:completei5e10:downloadedi50e10:incompletei10ee20:aaaaaaaaaaaaaaaaaaaadeee".utf8)
    #expect(
      try HTTPTrackerAnswer.scrape(bytes, of: [hash])
        == [hash: TrackerCounts(complete: 5, incomplete: 10, downloaded: 50)])
    #expect(throws: TrackerFailure.refused("no", retry: nil)) {
      try HTTPTrackerAnswer.scrape(Array("d14:failure_reason2:noe".utf8), of: [hash])
    }
  }

  @Test("No answer makes the reader trap")
  func garbage() {
    var random = SeededGenerator()
    let seed = Array(
      "d8:completei5e8:intervali1800e5:peersld2:ip7:1.2.3.44:porti1eee6:peers618:aaaaaaaaaaaaaaaaaae"
        .utf8)
    for _ in 0..<2_000 {
      var bytes = seed
      for _ in 0..<3 { bytes[Int.random(in: 0..<bytes.count, using: &random)] = random.bytes(1)[0] }
      _ = try? HTTPTrackerAnswer.announce(bytes, from: Self.source)
      _ = try? HTTPTrackerAnswer.scrape(bytes, of: [.zero])
    }
  }
}
