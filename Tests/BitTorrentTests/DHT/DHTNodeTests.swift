internal import BitTorrent
internal import Metainfo
internal import NIOCore
internal import TestSupport
internal import Testing

/// A node that a test speaks to, from any address.
struct NodeRig {
  var node: DHTNode
  var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
  var random = TestSupport.SeededGenerator(seed: 11)
  let ownID: DHTID

  init(_ configuration: DHTNode.Configuration = .init()) {
    ownID = DHTID(using: &random)
    node = DHTNode(
      configuration, id: ownID, random: TestSupport.SeededGenerator(seed: 12), at: now)
  }

  mutating func id() -> DHTID { DHTID(using: &random) }

  /// Asks, and gives what is answered to that address.
  mutating func ask(
    _ query: DHTQuery, from address: PeerAddress, as id: DHTID? = nil,
    wants: DHTMessage.Wants? = nil, isReadOnly: Bool = false, neighbours: [DHTContact] = []
  ) -> DHTMessage.Body? {
    let message = DHTMessage(
      transaction: [9, 9],
      .query(query, from: id ?? self.id(), wants: wants, isReadOnly: isReadOnly))
    node.receive(message.encoded, from: address, at: now) { _ in neighbours }
    var answer: DHTMessage.Body?
    for (sent, target) in sent() where target == address && sent.transaction == [9, 9] {
      answer = sent.body
    }
    return answer
  }

  /// What the node sent.
  mutating func sent() -> [(DHTMessage, PeerAddress)] {
    node.takeActions().compactMap { action in
      guard case .send(let bytes, let target) = action, let message = try? DHTMessage(bytes) else {
        return nil
      }
      return (message, target)
    }
  }

  /// Has a contact answer whatever the node asks it, so that it is in the table.
  mutating func introduce(_ contact: DHTContact, observing: PeerAddress? = nil) {
    node.heard(of: contact.address, at: now)
    for (message, target) in sent() where target == contact.address {
      guard case .query = message.body else { continue }
      answer(message, from: contact, observing: observing)
    }
  }

  mutating func answer(
    _ message: DHTMessage, from contact: DHTContact, observing: PeerAddress? = nil,
    _ fill: (inout DHTResponse) -> Void = { _ in }
  ) {
    var response = DHTResponse(id: contact.id)
    fill(&response)
    let answer = DHTMessage(
      transaction: message.transaction, .response(response, observed: observing))
    node.receive(answer.encoded, from: contact.address, at: now)
  }

  /// Lets time go by without any answers.
  mutating func pass(_ time: TimeAmount) {
    let end = now + time
    while now < end {
      now = now + DHTNode.tickInterval
      node.tick(at: now)
    }
  }
}

@Suite("A node of the table")
struct DHTNodeTests {
  static func address(_ number: Int, port: UInt16 = 6_881) -> PeerAddress {
    PeerAddress(ipv4: 0x1400_0001 + UInt32(number) << 8, port: port)
  }

  @Test("answers a ping, and tells where it sees the one who asks (BEP 42)")
  func ping() throws {
    var rig = NodeRig()
    let (own, address) = (rig.ownID, Self.address(1))
    let message = DHTMessage(
      transaction: [1], .query(.ping, from: rig.id(), wants: nil, isReadOnly: true))
    rig.node.receive(message.encoded, from: address, at: rig.now)
    let sent = rig.sent()
    #expect(sent.count == 1)
    #expect(sent.first?.0.body == .response(DHTResponse(id: own), observed: address))
    #expect(sent.first?.1 == address)
  }

  @Test("gives the eight known nodes that are closest")
  func closest() throws {
    var rig = NodeRig()
    for number in 0..<60 {
      rig.introduce(DHTContact(id: rig.id(), address: Self.address(number)))
    }
    let known = Set(rig.node.contacts)
    #expect(known.count == rig.node.nodeCount)
    #expect(known.count >= 40)
    for _ in 0..<50 {
      let target = rig.id()
      let expected = known.sorted { $0.id.distance(to: target) < $1.id.distance(to: target) }
      guard
        case .response(let response, _)? = rig.ask(
          .findNode(target), from: Self.address(900), isReadOnly: true)
      else { continue }
      #expect(response.nodes == Array(expected.prefix(8)))
      #expect(response.nodes6 == nil)
      rig.now = rig.now + .seconds(11)
    }
  }

  @Test("gives nodes of the other kind of addresses to those who want them (BEP 32)")
  func wants() throws {
    var rig = NodeRig()
    rig.introduce(DHTContact(id: rig.id(), address: Self.address(1)))
    let other = DHTContact(
      id: rig.id(), address: PeerAddress(high: 0x2001_0db8_0000_0000, low: 1, port: 9))
    guard
      case .response(let both, _)? = rig.ask(
        .findNode(rig.id()), from: Self.address(2), wants: [.ipv4, .ipv6], neighbours: [other]),
      case .response(let one, _)? = rig.ask(
        .findNode(rig.id()), from: Self.address(2), wants: .ipv6, neighbours: [other])
    else {
      Issue.record("no answer")
      return
    }
    #expect(both.nodes?.count == 1)
    #expect(both.nodes6 == [other])
    #expect(one.nodes == nil)
    #expect(one.nodes6 == [other])
  }

  /// The token that the node gives to a host.
  private func askToken(_ rig: inout NodeRig, _ infoHash: DHTID, for address: PeerAddress)
    -> [UInt8]
  {
    guard
      case .response(let response, _)? = rig.ask(
        .getPeers(infoHash, withoutSeeds: false, scrape: false), from: address)
    else { return [] }
    return response.token ?? []
  }

  @Test("keeps who announces himself with the token of his host, and gives him to others")
  func announce() throws {
    var rig = NodeRig()
    let (infoHash, peer) = (rig.id(), Self.address(1, port: 5_000))
    let token = askToken(&rig, infoHash, for: peer)
    #expect(!token.isEmpty)
    let announce = DHTQuery.announcePeer(DHTAnnounce(port: 77), infoHash, token: token)
    // Another host cannot use the token, nor the same one for another torrent.
    #expect(isRefused(rig.ask(announce, from: Self.address(2))))
    #expect(
      isRefused(
        rig.ask(.announcePeer(DHTAnnounce(port: 77), rig.id(), token: token), from: peer)))
    #expect(rig.node.storedPeerCount == 0)
    // The same host may, from another port.
    #expect(!isRefused(rig.ask(announce, from: Self.address(1, port: 6_000))))
    let implied = DHTAnnounce(port: 78, impliesPort: true)
    #expect(!isRefused(rig.ask(.announcePeer(implied, infoHash, token: token), from: peer)))
    guard
      case .response(let response, _)? = rig.ask(
        .getPeers(infoHash, withoutSeeds: false, scrape: false), from: Self.address(3))
    else {
      Issue.record("no answer")
      return
    }
    #expect(Set(response.peers) == [Self.address(1, port: 77), Self.address(1, port: 5_000)])
  }

  private func isRefused(_ body: DHTMessage.Body?) -> Bool {
    guard case .failure(DHTFailureCode.malformed, _)? = body else { return false }
    return true
  }

  @Test("takes a token for some minutes, and no longer")
  func tokenAge() {
    var rig = NodeRig()
    let (infoHash, peer) = (rig.id(), Self.address(1))
    let announce = DHTQuery.announcePeer(
      DHTAnnounce(port: 77), infoHash, token: askToken(&rig, infoHash, for: peer))
    rig.pass(.minutes(5))
    #expect(!isRefused(rig.ask(announce, from: peer)))
    rig.pass(.minutes(6))
    #expect(isRefused(rig.ask(announce, from: peer)))
    // What was announced is forgotten when it is not announced again.
    #expect(rig.node.storedPeerCount == 1)
    rig.pass(.minutes(40))
    #expect(rig.node.storedPeerCount == 0)
  }

  @Test("tells seeds and others apart (BEP 33)")
  func scrape() throws {
    var rig = NodeRig()
    let infoHash = rig.id()
    for number in 0..<20 {
      let peer = Self.address(number)
      let announce = DHTAnnounce(port: 77, isSeed: number < 5)
      let token = askToken(&rig, infoHash, for: peer)
      #expect(!isRefused(rig.ask(.announcePeer(announce, infoHash, token: token), from: peer)))
    }
    guard
      case .response(let response, _)? = rig.ask(
        .getPeers(infoHash, withoutSeeds: true, scrape: true), from: Self.address(100))
    else {
      Issue.record("no answer")
      return
    }
    let (seeds, leechers) = (try #require(response.seeds), try #require(response.leechers))
    #expect(abs(seeds.estimatedCount - 5) < 1)
    #expect(abs(leechers.estimatedCount - 15) < 1)
    #expect(response.peers.count == 15)
  }

  @Test("gives a sample of the infohashes that it keeps, the same one for a time (BEP 51)")
  func sample() throws {
    var rig = NodeRig()
    var kept: Set<DHTID> = []
    for number in 0..<50 {
      let (infoHash, peer) = (rig.id(), Self.address(number))
      let token = askToken(&rig, infoHash, for: peer)
      _ = rig.ask(.announcePeer(DHTAnnounce(port: 1), infoHash, token: token), from: peer)
      kept.insert(infoHash)
    }
    func sample() -> DHTResponse.Sample? {
      guard
        case .response(let response, _)? = rig.ask(
          .sampleInfohashes(rig.id()), from: Self.address(100))
      else { return nil }
      return response.sample
    }
    let first = try #require(sample())
    #expect(first.total == 50)
    #expect(first.infoHashes.count == 20)
    #expect(Set(first.infoHashes).isSubset(of: kept))
    #expect((1...21_600).contains(first.interval))
    #expect(sample() == first)
  }

  @Test("that is read-only asks, says so, and answers nothing (BEP 43)")
  func readOnly() {
    var configuration = DHTNode.Configuration()
    configuration.isReadOnly = true
    var rig = NodeRig(configuration)
    #expect(rig.ask(.ping, from: Self.address(1)) == nil)
    rig.node.heard(of: Self.address(2), at: rig.now)
    guard case .query(_, _, _, isReadOnly: true)? = rig.sent().first?.0.body else {
      Issue.record("no read-only question")
      return
    }
  }

  @Test("does not take those into its table who are read-only (BEP 43)")
  func othersReadOnly() {
    var rig = NodeRig()
    _ = rig.ask(.ping, from: Self.address(1), isReadOnly: true)
    #expect(rig.node.pendingCount == 0)
    // One who answers is asked at once whether he does.
    _ = rig.ask(.ping, from: Self.address(2), isReadOnly: false)
    #expect(rig.node.pendingCount == 1)
  }

  @Test("takes an id that fits its address as soon as enough others see it there (BEP 42)")
  func externalAddress() {
    var rig = NodeRig()
    let own = PeerAddress(ipv4: 0x2d01_0203, port: 6_881)
    #expect(!rig.node.id.isAllowed(at: own))
    for number in 0..<4 {
      rig.introduce(DHTContact(id: rig.id(), address: Self.address(number)), observing: own)
    }
    #expect(rig.node.id == rig.ownID)
    rig.introduce(DHTContact(id: rig.id(), address: Self.address(4)), observing: own)
    #expect(rig.node.id.isAllowed(at: own))
    #expect(rig.node.nodeCount == 5)
  }
}
