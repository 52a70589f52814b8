internal import BitTorrent
internal import Metainfo
internal import NIOCore
internal import TestSupport
internal import Testing

/// A session's tables, and one node in the world, which answers at once and knows nobody.
private struct PacingRig {
  let node = PeerAddress(ipv4: 0x1400_0101, port: 6_881)
  let nodeID: DHTID
  var table: DHT
  var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
  /// The torrents that were looked up, in order.
  var lookedUp: [DHTID] = []

  init() {
    var random = TestSupport.SeededGenerator(seed: 3)
    nodeID = DHTID(for: node, using: &random)
    table = DHT(families: [.ipv4], random: random, at: now)
    table.addEntryPoints([node], areRouters: false, at: now)
    pass(.seconds(1))
  }

  static func hash(_ number: Int) -> SHA1Hash { SHA1Hash(hashing: Array("\(number)".utf8)) }

  mutating func add(_ number: Int, isSeed: Bool) {
    table.add(Self.hash(number), announcing: DHTAnnounce(port: 1, isSeed: isSeed), at: now)
    answer()
  }

  mutating func pass(_ time: TimeAmount) {
    let end = now + time
    while now < end {
      now = now + DHTNode.tickInterval
      table.tick(at: now)
      answer()
    }
  }

  private mutating func answer() {
    while true {
      let actions = table.takeActions()
      guard !actions.isEmpty else { return }
      for case .send(let datagram, _) in actions {
        guard let message = try? DHTMessage(datagram),
          case .query(let query, _, _, _) = message.body
        else { continue }
        // A look-up asks the one node there is by its id and by its address.
        if case .getPeers(let id, _, _) = query, lookedUp.last != id { lookedUp.append(id) }
        let answer = DHTMessage(
          transaction: message.transaction, .response(DHTResponse(id: nodeID), observed: nil))
        table.receive(answer.encoded, from: node, at: now)
      }
    }
  }
}

@Suite("Torrents by the thousand in the table")
struct DHTPacingTests {
  @Test("that rest are looked up one after the other, each in its turn")
  func resting() {
    var rig = PacingRig()
    #expect(rig.table.nodeCount == 1)
    for number in 0..<2_000 { rig.add(number, isSeed: true) }
    #expect(rig.lookedUp.count <= 8)
    rig.pass(.seconds(60))
    #expect((700...760).contains(rig.lookedUp.count), "\(rig.lookedUp.count)")
    // Nobody comes twice before all came once, though few answers have them tried again soon.
    #expect(Set(rig.lookedUp).count == rig.lookedUp.count)
    rig.pass(.seconds(110))
    #expect(Set(rig.lookedUp).count == 2_000)
  }

  @Test("do not keep one waiting whose peers are wanted")
  func wanted() {
    var rig = PacingRig()
    for number in 0..<2_000 { rig.add(number, isSeed: true) }
    rig.pass(.seconds(10))
    rig.add(2_000, isSeed: false)
    #expect(rig.lookedUp.last == DHTID(PacingRig.hash(2_000)))
    // One that rests and has a peer that wants it.
    rig.table.wantPeers(PacingRig.hash(1_999), at: rig.now)
    rig.pass(.seconds(1))
    #expect(rig.lookedUp.contains(DHTID(PacingRig.hash(1_999))))
  }
}
