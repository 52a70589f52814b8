internal import BitTorrent
internal import Metainfo
internal import NIOCore
internal import TestSupport
internal import Testing

@Suite("A node among hostile ones")
struct DHTHostilityTests {
  private static func address(_ number: Int, port: UInt16 = 6_881) -> PeerAddress {
    DHTNodeTests.address(number, port: port)
  }

  @Test("does not take nodes into its table that others only speak of")
  func hearsay() {
    var rig = NodeRig()
    let liar = DHTContact(id: rig.id(), address: Self.address(0))
    rig.introduce(liar)
    rig.node.lookUp(rig.id().infoHash, announcing: nil, at: rig.now)
    for (message, target) in rig.sent() where target == liar.address {
      let lies = (1...20).map { DHTContact(id: rig.id(), address: Self.address($0)) }
      rig.answer(message, from: liar) { $0.nodes = lies }
    }
    rig.pass(.minutes(2))
    #expect(Set(rig.node.contacts).subtracting([liar]).isEmpty)
  }

  @Test("has one node of a host in its table, and few of a network in a bucket")
  func crowd() {
    var rig = NodeRig()
    for port in UInt16(1)...200 {
      rig.introduce(DHTContact(id: rig.id(), address: Self.address(1, port: port)))
    }
    #expect(rig.node.nodeCount == 1)
    for host in UInt32(1)...200 {
      let address = PeerAddress(ipv4: 0x2000_0000 | host, port: 6_881)
      rig.introduce(DHTContact(id: rig.id(), address: address))
    }
    let neighbours = rig.node.contacts.filter { $0.address.ipv4.map { $0 >> 24 == 0x20 } ?? false }
    let buckets = Dictionary(grouping: neighbours) { $0.id.commonBits(with: rig.ownID) }
    #expect(buckets.values.allSatisfy { $0.count <= 2 })
  }

  @Test("does not give a node's place to another who shows its id")
  func impostor() {
    var rig = NodeRig()
    let honest = DHTContact(id: rig.id(), address: Self.address(1))
    rig.introduce(honest)
    rig.introduce(DHTContact(id: honest.id, address: Self.address(2)))
    #expect(rig.node.contacts == [honest])
  }

  @Test("lets nodes whose ids their addresses allow push out others, not the other way (BEP 42)")
  func verified() {
    var rig = NodeRig()
    // Eight nodes fill a bucket of those close by.
    func contact(_ number: Int, isVerified: Bool) -> DHTContact {
      while true {
        let address = Self.address(number)
        let id = isVerified ? DHTID(for: address, using: &rig.random) : rig.id()
        guard id.isAllowed(at: address) == isVerified, id.commonBits(with: rig.ownID) == 4 else {
          continue
        }
        return DHTContact(id: id, address: address)
      }
    }
    // An address allows few beginnings: most have none that is as close as that.
    let numbers = (1..<200).filter { number in
      (0..<8).contains { _ in
        (0..<24).contains { _ in
          DHTID(for: Self.address(number), using: &rig.random).commonBits(with: rig.ownID) == 4
        }
      }
    }
    #expect(numbers.count > 16)
    for number in numbers.prefix(8) { rig.introduce(contact(number, isVerified: false)) }
    #expect(rig.node.nodeCount == 8)
    let allowed = numbers.dropFirst(8).prefix(8).map { contact($0, isVerified: true) }
    for contact in allowed { rig.introduce(contact) }
    #expect(Set(rig.node.contacts) == Set(allowed))
    for number in 4_000..<4_008 { rig.introduce(contact(number, isVerified: false)) }
    #expect(Set(rig.node.contacts) == Set(allowed))
  }

  @Test("asks few of a network in a search, and not for ever")
  func search() {
    var rig = NodeRig()
    let liar = DHTContact(id: rig.id(), address: Self.address(0))
    rig.introduce(liar)
    let target = rig.id()
    rig.node.lookUp(target.infoHash, announcing: nil, at: rig.now)
    var asked: [PeerAddress] = []
    var number: UInt32 = 0
    for _ in 0..<400 {
      for (message, address) in rig.sent() {
        guard case .query(.getPeers, _, _, _) = message.body else { continue }
        asked.append(address)
        // Each of them speaks of more and more who are ever closer, all of one network.
        let lies = (0..<20).map { _ in
          number += 1
          return DHTContact(
            id: DHTID(target.bytes.dropLast(2) + [UInt8(number >> 8 & 255), UInt8(number & 255)])
              ?? target, address: PeerAddress(ipv4: 0x2000_0000 | number % 256, port: 1))
        }
        rig.answer(message, from: DHTContact(id: liar.id, address: address)) { $0.nodes = lies }
      }
      rig.pass(.milliseconds(500))
    }
    #expect(asked.filter { $0 != liar.address }.count <= 3)
    #expect(rig.node.pendingCount == 0)
  }

  @Test("ends a search in which nodes by the thousand lead nowhere")
  func endless() {
    var rig = NodeRig()
    let liar = DHTContact(id: rig.id(), address: Self.address(0))
    rig.introduce(liar)
    rig.node.lookUp(rig.id().infoHash, announcing: nil, at: rig.now)
    var asked = 0
    var finished = false
    var number = 0
    for _ in 0..<2_000 where !finished {
      for action in rig.node.takeActions() {
        if case .finished = action { finished = true }
        guard case .send(let bytes, let address) = action, let message = try? DHTMessage(bytes),
          case .query(.getPeers(let target, _, _), _, _, _) = message.body
        else { continue }
        asked += 1
        // Ever closer ones, none of which answers but in such a way.
        let lies = (0..<8).map { _ in
          number += 1
          var bytes = target.bytes
          let common = min(number / 8, 150)
          bytes[common / 8] ^= 0x80 >> UInt8(common % 8)
          bytes[19] = UInt8(number & 255)
          return DHTContact(id: DHTID(bytes) ?? target, address: Self.address(number))
        }
        let id = asked == 1 ? liar.id : rig.id()
        rig.answer(message, from: DHTContact(id: id, address: address)) { $0.nodes = lies }
      }
      rig.pass(.milliseconds(500))
    }
    #expect(finished)
    #expect(asked <= 128)
  }

  @Test("believes no answer that comes from another address, or with another number")
  func guessed() {
    var rig = NodeRig()
    rig.node.heard(of: Self.address(1), at: rig.now)
    guard let (message, _) = rig.sent().first else {
      Issue.record("no question")
      return
    }
    rig.answer(message, from: DHTContact(id: rig.id(), address: Self.address(2)))
    var other = message
    other.transaction[0] ^= 1
    rig.answer(other, from: DHTContact(id: rig.id(), address: Self.address(1)))
    other.transaction = []
    rig.answer(other, from: DHTContact(id: rig.id(), address: Self.address(1)))
    #expect(rig.node.nodeCount == 0)
    rig.answer(message, from: DHTContact(id: rig.id(), address: Self.address(1)))
    #expect(rig.node.nodeCount == 1)
    // Once is enough.
    rig.answer(message, from: DHTContact(id: rig.id(), address: Self.address(1)))
    #expect(rig.node.nodeCount == 1)
  }

  @Test("numbers its questions by chance")
  func transactions() {
    var rig = NodeRig()
    var numbers: Set<[UInt8]> = []
    for number in 0..<200 { rig.node.heard(of: Self.address(number), at: rig.now) }
    for (message, _) in rig.sent() { numbers.insert(message.transaction) }
    #expect(numbers.count == 200)
    #expect(numbers.allSatisfy { $0.count == 4 })
    #expect(Set(numbers.map { $0.first }).count > 80)
  }

  @Test(
    "ignores addresses that nobody can have, and local ones that one from afar speaks of",
    arguments: ["0.1.2.3", "224.0.0.1", "255.255.255.255", "240.0.0.1", "127.0.0.1", "10.0.0.1"])
  func darkAddresses(_ ip: String) throws {
    var rig = NodeRig()
    let dark = try #require(PeerAddress(ip: ip, port: 6_881))
    let liar = DHTContact(id: rig.id(), address: Self.address(0))
    rig.introduce(liar)
    rig.node.lookUp(rig.id().infoHash, announcing: nil, at: rig.now)
    let lie = DHTContact(id: rig.id(), address: dark)
    for (message, target) in rig.sent() where target == liar.address {
      rig.answer(message, from: liar) {
        $0.nodes = [lie]
        $0.peers = [dark, PeerAddress(ipv4: 0x0808_0808, port: 0)]
      }
    }
    rig.pass(.seconds(20))
    for action in rig.node.takeActions() {
      switch action {
      case .send(_, let target): #expect(target != dark)
      case .found(let peers, _): #expect(peers.isEmpty)
      case .finished, .joined: continue
      }
    }
  }

  @Test("answers a source five times a second, and one that asks more not for five minutes")
  func flood() {
    var rig = NodeRig()
    func answers(_ count: Int, from address: PeerAddress) -> Int {
      (0..<count).count { _ in rig.ask(.ping, from: address, isReadOnly: true) != nil }
    }
    #expect(answers(50, from: Self.address(1)) == 50)
    #expect(answers(500, from: Self.address(1, port: 99)) == 0)
    rig.now = rig.now + .minutes(4)
    #expect(answers(1, from: Self.address(1)) == 0)
    rig.now = rig.now + .minutes(2)
    #expect(answers(1, from: Self.address(1)) == 1)
    // Others are served meanwhile.
    #expect(answers(50, from: Self.address(2)) == 50)
  }

  @Test("sends a bounded number of bytes a second, whoever asks, from however many addresses")
  func reflection() {
    var rig = NodeRig()
    for number in 0..<40 {
      rig.introduce(DHTContact(id: rig.id(), address: Self.address(number)))
    }
    var bytes = 0
    for number in 0..<6_000 {
      let victim = PeerAddress(ipv4: 0x3000_0000 + UInt32(number), port: 80)
      let query = DHTMessage(
        transaction: [1, 2],
        .query(.findNode(rig.id()), from: rig.id(), wants: nil, isReadOnly: true))
      rig.node.receive(query.encoded, from: victim, at: rig.now)
      for case .send(let datagram, let target) in rig.node.takeActions() where target == victim {
        bytes += datagram.count
      }
      if number % 600 == 599 { rig.now = rig.now + .seconds(1) }
    }
    // Ten seconds, and the burst before.
    #expect(bytes <= 14 * rig.node.configuration.answerRate)
    #expect(bytes > 5 * rig.node.configuration.answerRate)
  }

  @Test("answers nothing that is longer than a packet, however many peers it has")
  func packet() {
    var rig = NodeRig()
    let infoHash = rig.id()
    for number in 0..<600 {
      let peer = Self.address(number)
      rig.now = rig.now + .milliseconds(50)
      guard
        case .response(let response, _)? = rig.ask(
          .getPeers(infoHash, withoutSeeds: false, scrape: false), from: peer, isReadOnly: true),
        let token = response.token
      else { continue }
      _ = rig.ask(
        .announcePeer(DHTAnnounce(port: 1), infoHash, token: token), from: peer, isReadOnly: true)
    }
    #expect(rig.node.storedPeerCount > 200)
    for number in 0..<40 {
      rig.introduce(DHTContact(id: rig.id(), address: Self.address(1_000 + number)))
    }
    _ = rig.node.takeActions()
    rig.now = rig.now + .seconds(20)
    let query = DHTMessage(
      transaction: [1, 2],
      .query(
        .getPeers(infoHash, withoutSeeds: false, scrape: true), from: rig.id(),
        wants: [.ipv4, .ipv6], isReadOnly: true))
    rig.node.receive(query.encoded, from: Self.address(2_000), at: rig.now)
    guard case .send(let bytes, _)? = rig.node.takeActions().first else {
      Issue.record("no answer")
      return
    }
    #expect(bytes.count <= 1_280)
    #expect(bytes.count > 900)
  }

  @Test("keeps a bounded number of torrents, those closest to it")
  func torrents() {
    var configuration = DHTNode.Configuration()
    configuration.maximumTorrents = 20
    var rig = NodeRig(configuration)
    var announced: [DHTID] = []
    for number in 0..<200 {
      let (infoHash, peer) = (rig.id(), Self.address(number))
      rig.now = rig.now + .milliseconds(100)
      announced.append(infoHash)
      announce(infoHash, as: peer, to: &rig)
    }
    #expect(rig.node.storedTorrentCount == 20)
    let closest = announced.sorted {
      $0.distance(to: rig.ownID) < $1.distance(to: rig.ownID)
    }.prefix(20)
    for infoHash in closest {
      guard
        case .response(let response, _)? = rig.ask(
          .getPeers(infoHash, withoutSeeds: false, scrape: false), from: Self.address(500),
          isReadOnly: true)
      else { continue }
      #expect(response.peers.count == 1)
    }
  }

  @Test("keeps few peers of one host, and a bounded number of a torrent")
  func peers() {
    var rig = NodeRig()
    let infoHash = rig.id()
    for port in UInt16(1)...40 { announce(infoHash, as: Self.address(1), port: port, to: &rig) }
    #expect(rig.node.storedPeerCount <= 4)
    for number in 0..<1_000 {
      rig.now = rig.now + .milliseconds(50)
      announce(infoHash, as: Self.address(number), to: &rig)
    }
    #expect(rig.node.storedPeerCount == 500)
  }

  private func announce(
    _ infoHash: DHTID, as peer: PeerAddress, port: UInt16 = 1, to rig: inout NodeRig
  ) {
    guard
      case .response(let response, _)? = rig.ask(
        .getPeers(infoHash, withoutSeeds: false, scrape: false), from: peer, isReadOnly: true),
      let token = response.token
    else { return }
    _ = rig.ask(
      .announcePeer(DHTAnnounce(port: port), infoHash, token: token), from: peer, isReadOnly: true)
  }

  @Test("does not move to an address that one network says it has (BEP 42)")
  func votes() {
    var rig = NodeRig()
    let wrong = PeerAddress(ipv4: 0x2d01_0203, port: 6_881)
    for host in UInt32(1)...60 {
      let voter = PeerAddress(ipv4: 0x2000_0000 | host, port: 6_881)
      rig.introduce(DHTContact(id: rig.id(), address: voter), observing: wrong)
    }
    #expect(rig.node.id == rig.ownID)
  }

  @Test("waits for a bounded number of answers")
  func pending() {
    var rig = NodeRig()
    for number in 0..<2_000 { rig.node.heard(of: Self.address(number), at: rig.now) }
    #expect(rig.node.pendingCount == rig.node.configuration.maximumPending)
    rig.pass(.seconds(10))
    #expect(rig.node.pendingCount == 0)
  }
}
