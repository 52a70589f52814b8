internal import BitTorrent
internal import Testing

@Suite("A message of the table")
struct DHTMessageTests {
  private static let asker = DHTID(Array("abcdefghij0123456789".utf8))
  private static let other = DHTID(Array("mnopqrstuvwxyz123456".utf8))

  /// The messages that BEP 5 writes out, and what they say.
  private static var examples: [(String, DHTMessage.Body)] {
    guard let asker, let other else { return [] }
    func query(_ query: DHTQuery) -> DHTMessage.Body {
      .query(query, from: asker, wants: nil, isReadOnly: false)
    }
    func answer(from id: DHTID, _ fill: (inout DHTResponse) -> Void = { _ in }) -> DHTMessage.Body {
      var response = DHTResponse(id: id)
      fill(&response)
      return .response(response, observed: nil)
    }
    return [
      ("d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe", query(.ping)),
      ("d1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re", answer(from: other)),
      (
        "d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e1:q9:find_node"
          + "1:t2:aa1:y1:qe", query(.findNode(other))
      ),
      (
        "d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e1:q9:get_peers"
          + "1:t2:aa1:y1:qe", query(.getPeers(other, withoutSeeds: false, scrape: false))
      ),
      (
        "d1:rd2:id20:abcdefghij01234567895:token8:aoeusnth6:valuesl6:axje.u6:idhtnmee"
          + "1:t2:aa1:y1:re",
        answer(from: asker) {
          $0.token = Array("aoeusnth".utf8)
          $0.peers = [
            PeerAddress(ipv4: 0x6178_6a65, port: 0x2e75),
            PeerAddress(ipv4: 0x6964_6874, port: 0x6e6d),
          ]
        }
      ),
      (
        "d1:ad2:id20:abcdefghij012345678912:implied_porti1e9:info_hash20:mnopqrstuvwxyz123456"
          + "4:porti6881e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe",
        query(
          .announcePeer(
            DHTAnnounce(port: 6_881, impliesPort: true), other, token: Array("aoeusnth".utf8)))
      ),
      (
        "d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee",
        .failure(code: 201, reason: "A Generic Error Ocurred")
      ),
    ]
  }

  @Test("is read and written as BEP 5 writes it out", arguments: examples.indices)
  func published(_ index: Int) throws {
    let (text, body) = Self.examples[index]
    let message = try DHTMessage(Array(text.utf8))
    #expect(message.body == body)
    #expect(message.transaction == Array("aa".utf8))
    #expect(String(decoding: message.encoded, as: UTF8.self) == text)
  }

  @Test("is read and written with all of its parts")
  func allParts() throws {
    let (asker, other) = (try #require(Self.asker), try #require(Self.other))
    let ipv6 = try #require(PeerAddress("[2001:db8::1]:6881"))
    var filter = ScrapeFilter()
    filter.insert(ipv6)
    var response = DHTResponse(id: asker)
    response.nodes = [DHTContact(id: other, address: PeerAddress(ipv4: 0x0102_0304, port: 5))]
    response.nodes6 = [DHTContact(id: other, address: ipv6)]
    response.peers = [ipv6, PeerAddress(ipv4: 0x0102_0304, port: 5)]
    response.token = [1, 2, 3]
    response.seeds = filter
    response.leechers = ScrapeFilter()
    response.sample = .init(infoHashes: [asker, other], total: 70, interval: 600)
    let announce = DHTAnnounce(port: 6_881, impliesPort: true, isSeed: true)
    let bodies: [DHTMessage.Body] = [
      .response(response, observed: PeerAddress(ipv4: 0x0102_0304, port: 9)),
      .response(response, observed: ipv6),
      .query(.findNode(other), from: asker, wants: [.ipv4, .ipv6], isReadOnly: true),
      .query(
        .getPeers(other, withoutSeeds: true, scrape: true), from: asker, wants: .ipv6,
        isReadOnly: false),
      .query(
        .announcePeer(announce, other, token: [7]), from: asker, wants: nil, isReadOnly: false),
      .query(.sampleInfohashes(other), from: asker, wants: nil, isReadOnly: false),
    ]
    for body in bodies {
      let message = DHTMessage(transaction: [0, 255], body)
      #expect(try DHTMessage(message.encoded) == message)
    }
  }

  private static let refusals: [(String, DHTMessageError)] = [
    ("", .notBencoded),
    ("le", .notBencoded),
    ("d1:y1:qe", .noTransaction),
    ("d1:t33:012345678901234567890123456789012" + "1:y1:qe", .noTransaction),
    ("d1:t2:aa1:y1:xe", .unknownKind),
    ("d1:t2:aae", .unknownKind),
    ("d1:t2:aa1:y1:qe", .malformedQuery([97, 97])),
    ("d1:ad2:id19:abcdefghij012345678e1:q4:ping1:t2:aa1:y1:qe", .malformedQuery([97, 97])),
    ("d1:ad2:id20:abcdefghij0123456789e1:q9:find_node1:t2:aa1:y1:qe", .malformedQuery([97, 97])),
    (
      "d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz1234564:porti65536e"
        + "5:token1:xe1:q13:announce_peer1:t2:aa1:y1:qe", .malformedQuery([97, 97])
    ),
    ("d1:ad2:id20:abcdefghij0123456789e1:q4:vote1:t2:aa1:y1:qe", .unknownQuery([97, 97])),
    ("d1:rd2:id2:xxe1:t2:aa1:y1:re", .malformedResponse),
    ("d1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:rex", .notBencoded),
  ]

  @Test("is refused when it is none", arguments: refusals.indices)
  func refused(_ index: Int) {
    let (text, error) = Self.refusals[index]
    #expect(throws: error) { try DHTMessage(Array(text.utf8)) }
  }

  @Test("is not read beyond its bounds: bytes, levels, nodes, peers")
  func bounds() throws {
    let (asker, other) = (try #require(Self.asker), try #require(Self.other))
    let deep = "d1:q" + String(repeating: "l", count: 40) + String(repeating: "e", count: 40) + "e"
    #expect(throws: DHTMessageError.notBencoded) { try DHTMessage(Array(deep.utf8)) }
    var response = DHTResponse(id: asker)
    response.token = [UInt8](repeating: 0, count: DHTMessage.maximumToken + 1)
    response.nodes = (0..<60).map {
      DHTContact(id: other, address: PeerAddress(ipv4: 0x0102_0304, port: UInt16($0 + 1)))
    }
    response.peers = (0..<260).map { PeerAddress(ipv4: 0x0102_0304, port: UInt16($0 + 1)) }
    let bytes = DHTMessage(transaction: [1], .response(response, observed: nil)).encoded
    guard case .response(let read, _) = try DHTMessage(bytes).body else {
      Issue.record("no response")
      return
    }
    #expect(read.nodes?.count == DHTMessage.maximumNodes)
    #expect(read.peers.count == DHTMessage.maximumPeers)
    #expect(read.token == nil)
    response.peers += response.peers
    let long = DHTMessage(transaction: [1], .response(response, observed: nil)).encoded
    #expect(long.count > DHTMessage.maximumLength)
    #expect(throws: DHTMessageError.notBencoded) { try DHTMessage(long) }
  }
}
