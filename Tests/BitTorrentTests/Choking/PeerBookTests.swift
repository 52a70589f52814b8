import BitTorrent
import Metainfo
import NIOCore
import TestSupport
import Testing

@Suite("Peer book")
struct PeerBookTests {
  private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

  private func book(_ adjust: (inout PeerBook.Configuration) -> Void = { _ in }) -> PeerBook {
    var configuration = PeerBook.Configuration()
    adjust(&configuration)
    return PeerBook(configuration: configuration, at: start) { UInt32($0.port) }
  }

  private func host(_ number: Int, port: UInt16 = 6_881) -> PeerAddress {
    PeerAddress(ipv4: 0x0800_0000 + UInt32(number), port: port)
  }

  private func id(_ byte: UInt8) -> PeerID {
    var random = SeededGenerator(seed: 0)
    return PeerID(
      prefix: String(repeating: Character(UnicodeScalar(byte)), count: 20), using: &random)
  }

  private func introduction(
    _ address: PeerAddress, _ id: PeerID, _ direction: PeerIntroduction.Direction
  ) throws -> PeerIntroduction {
    PeerIntroduction(
      address: address, direction: direction, peerID: id, features: [],
      infoHash: try #require(SHA1Hash([UInt8](repeating: 0, count: 20))), isV2: false)
  }

  @Test("dials the first peers at once, then 30 a second, within the bound of half-open ones")
  func pace() {
    var book = book { $0.halfOpen = 40 }
    #expect(book.add((0..<100).map { host($0) }, from: .tracker, at: start) == 100)
    #expect(dialAll(&book, at: start).count == 30)
    #expect(dialAll(&book, at: start + .milliseconds(100)).count == 3)
    #expect(dialAll(&book, at: start + .seconds(9)).count == 7)
    #expect(book.diallingCount == 40)
    book.connectFailed(host(0), at: start + .seconds(9))
    #expect(dialAll(&book, at: start + .seconds(9)).count <= 1)
  }

  @Test("dials first whom the user named, then whom several sources name, then by priority")
  func order() {
    var book = book()
    book.add([host(1, port: 9), host(2, port: 50), host(3, port: 60)], from: .tracker, at: start)
    book.add([host(2, port: 50)], from: .exchange, at: start)
    book.add([host(4, port: 1)], from: .user, at: start)
    #expect(dialAll(&book, at: start).map(\.port) == [1, 50, 60, 9])
  }

  @Test("lets an address rest after a failure, longer each time, and drops it after the third")
  func backOff() {
    var book = book()
    book.add([host(1)], from: .tracker, at: start)
    var now = start
    for wait in [60, 120] as [Int64] {
      #expect(book.nextToDial(at: now) == host(1))
      book.connectFailed(host(1), at: now)
      #expect(book.nextToDial(at: now + .seconds(wait - 1)) == nil)
      now = now + .seconds(wait)
    }
    #expect(book.nextToDial(at: now) == host(1))
    book.connectFailed(host(1), at: now)
    #expect(book.count == 0)
  }

  @Test("goes on dialling whom the user named, soon and for ever")
  func byHand() {
    var book = book()
    book.add([host(1)], from: .user, at: start)
    var now = start
    for _ in 0..<20 {
      #expect(book.nextToDial(at: now) == host(1))
      book.connectFailed(host(1), at: now)
      now = now + .seconds(30)
    }
    book.add([host(2)], from: .user, at: now)
    _ = book.nextToDial(at: now)
    _ = book.nextToDial(at: now)
    book.connectFailed(host(2), at: now)
    #expect(book.nextToDial(at: now + .seconds(1)) == host(2))
  }

  @Test("holds one connection a host, but any number on the loopback address")
  func onePerHost() throws {
    var book = book()
    book.add([host(1, port: 10), host(1, port: 11)], from: .tracker, at: start)
    #expect(dialAll(&book, at: start).count == 1)
    let incoming = try introduction(host(1, port: 99), id(9), .incoming)
    _ = book.opened(
      PeerHandle(0), try introduction(host(1, port: 11), id(5), .outgoing), ownID: id(1), at: start)
    #expect(
      book.opened(PeerHandle(1), incoming, ownID: id(1), at: start) == .refuse(.duplicate))
    let local = (1...5).map { PeerAddress(ipv4: 0x7f00_0001, port: UInt16($0)) }
    book.add(local, from: .tracker, at: start)
    #expect(dialAll(&book, at: start).count == 5)
    book.closed(PeerHandle(0), wasUseful: true, reason: nil, at: start)
    #expect(dialAll(&book, at: start) == [host(1, port: 10)])
  }

  @Test("keeps of two connections between the same peers the same one on both sides")
  func crossed() throws {
    let (small, great) = (id(3), id(7))
    let (smallHost, greatHost) = (host(3), host(7))
    // The one with the great id opened connection 1, the other opened connection 2.
    var atGreat = book()
    atGreat.add([smallHost], from: .tracker, at: start)
    #expect(atGreat.nextToDial(at: start) == smallHost)
    let outgoing = try introduction(smallHost, small, .outgoing)
    let incoming = try introduction(host(3, port: 40_000), small, .incoming)
    var sameAtGreat = atGreat
    #expect(atGreat.opened(PeerHandle(1), outgoing, ownID: great, at: start) == .admit)
    #expect(
      atGreat.opened(PeerHandle(2), incoming, ownID: great, at: start) == .refuse(.duplicate))
    #expect(sameAtGreat.opened(PeerHandle(2), incoming, ownID: great, at: start) == .admit)
    #expect(
      sameAtGreat.opened(PeerHandle(1), outgoing, ownID: great, at: start)
        == .replace(PeerHandle(2)))
    var atSmall = book()
    atSmall.add([greatHost], from: .tracker, at: start)
    #expect(atSmall.nextToDial(at: start) == greatHost)
    let toGreat = try introduction(greatHost, great, .outgoing)
    let fromGreat = try introduction(host(7, port: 40_000), great, .incoming)
    var sameAtSmall = atSmall
    #expect(atSmall.opened(PeerHandle(2), toGreat, ownID: small, at: start) == .admit)
    #expect(
      atSmall.opened(PeerHandle(1), fromGreat, ownID: small, at: start)
        == .replace(PeerHandle(2)))
    atSmall.closed(PeerHandle(2), wasUseful: false, reason: .duplicate, at: start)
    #expect(sameAtSmall.opened(PeerHandle(1), fromGreat, ownID: small, at: start) == .admit)
    #expect(
      sameAtSmall.opened(PeerHandle(2), toGreat, ownID: small, at: start)
        == .refuse(.duplicate))
    // Neither dials the peer again while it is connected.
    #expect(atSmall.nextToDial(at: start + .hours(1)) == nil)
    #expect(sameAtSmall.nextToDial(at: start + .hours(1)) == nil)
  }

  @Test("tells of a change when a second connection shows where a peer can be dialled")
  func learntAddress() throws {
    var book = book()
    let incoming = try introduction(host(1, port: 40_000), id(9), .incoming)
    #expect(book.opened(PeerHandle(0), incoming, ownID: id(1), at: start) == .admit)
    book.add([host(1)], from: .tracker, at: start)
    let version = book.connectionsVersion
    let outgoing = try introduction(host(1), id(9), .outgoing)
    #expect(book.opened(PeerHandle(1), outgoing, ownID: id(1), at: start) == .refuse(.duplicate))
    #expect(book.listeningAddress(of: PeerHandle(0)) == host(1))
    #expect(book.connectionsVersion > version)
  }

  @Test("refuses itself, banned hosts, and more connections than there may be")
  func refusals() throws {
    var book = book { $0.connections = 1 }
    let own = try introduction(host(1), id(1), .outgoing)
    book.add([host(1)], from: .user, at: start)
    _ = book.nextToDial(at: start)
    #expect(book.opened(PeerHandle(0), own, ownID: id(1), at: start) == .refuse(.fault(.ourself)))
    #expect(book.count == 0)
    let first = try introduction(host(2, port: 1_000), id(2), .incoming)
    #expect(book.opened(PeerHandle(1), first, ownID: id(1), at: start) == .admit)
    let second = try introduction(host(3, port: 1_000), id(3), .incoming)
    #expect(book.opened(PeerHandle(2), second, ownID: id(1), at: start) == .refuse(.noRoom))
    #expect(book.ban(host(2)) == [PeerHandle(1)])
    book.closed(PeerHandle(1), wasUseful: false, reason: .banned, at: start)
    #expect(book.address(of: PeerHandle(1)) == host(2, port: 1_000))
    #expect(book.opened(PeerHandle(3), first, ownID: id(1), at: start) == .refuse(.banned))
    #expect(book.add([host(2, port: 77)], from: .exchange, at: start) == 0)
    #expect(book.connectionCount == 0)
  }

  @Test("bans a loopback address with its port alone")
  func loopbackBan() {
    var book = book()
    let bad = PeerAddress(ipv4: 0x7f00_0001, port: 5)
    let good = PeerAddress(ipv4: 0x7f00_0001, port: 6)
    book.add([bad, good], from: .tracker, at: start)
    #expect(book.ban(bad).isEmpty)
    #expect(dialAll(&book, at: start) == [good])
  }

  @Test("remembers a bounded number of addresses, the better ones, and of bans")
  func bounds() {
    var book = book {
      $0.capacity = 100
      $0.banCapacity = 10
    }
    book.add((0..<50).map { host($0, port: 60_000) }, from: .tracker, at: start)
    book.add((0..<50).map { host($0, port: 60_000) }, from: .dht, at: start)
    book.add((100..<9_999).map { host($0, port: 1) }, from: .exchange, at: start)
    #expect(book.count <= 100)
    let dialled = dialAll(&book, at: start) + dialAll(&book, at: start + .seconds(1))
    #expect(dialled.prefix(50).allSatisfy { $0.port == 60_000 })
    for number in 0..<20 { _ = book.ban(host(number)) }
    #expect((0..<20).filter { book.isBanned(host($0)) } == Array(10..<20))
  }

  @Test("takes no address that can't be dialled")
  func undialable() {
    var book = book()
    let addresses = [
      host(1, port: 0), PeerAddress(ipv4: 0, port: 1), PeerAddress(ipv4: 0xe000_0001, port: 1),
    ]
    #expect(book.add(addresses, from: .exchange, at: start) == 0)
  }

  @Test("does not dial seeds when complete")
  func seeds() {
    var book = book()
    book.add([host(1), host(2)], from: .tracker, at: start)
    book.markSeed(host(1))
    book.isComplete = true
    #expect(dialAll(&book, at: start) == [host(2)])
  }

  @Test("knows a peer that dialled us by the port on which it listens")
  func listening() throws {
    var book = book()
    let incoming = try introduction(host(1, port: 40_000), id(2), .incoming)
    #expect(book.opened(PeerHandle(0), incoming, ownID: id(1), at: start) == .admit)
    book.peer(PeerHandle(0), listensOn: 6_881, at: start)
    #expect(book.count == 1)
    #expect(book.nextToDial(at: start) == nil)
    book.closed(PeerHandle(0), wasUseful: true, reason: nil, at: start)
    #expect(book.nextToDial(at: start + .seconds(9)) == nil)
    #expect(book.nextToDial(at: start + .seconds(10)) == host(1))
  }

  @Test("lets the least useful connections go every five minutes when nearly full and others wait")
  func turnover() throws {
    var book = book { $0.connections = 50 }
    for number in 0..<50 {
      let peer = try introduction(host(number), id(UInt8(number + 2)), .incoming)
      #expect(book.opened(PeerHandle(number), peer, ownID: id(1), at: start) == .admit)
    }
    #expect(book.turnover(at: start + .seconds(301)) { $0.number }.isEmpty)
    book.add((100..<150).map { host($0) }, from: .tracker, at: start)
    #expect(book.turnover(at: start + .seconds(599)) { $0.number }.isEmpty)
    let leaving = book.turnover(at: start + .seconds(602)) { 100 - $0.number }
    #expect(leaving == [PeerHandle(49), PeerHandle(48)])
    for peer in leaving {
      book.closed(peer, wasUseful: false, reason: .turnover, at: start + .seconds(602))
    }
    #expect(dialAll(&book, at: start + .seconds(602)).count == 2)
  }

  private func dialAll(_ book: inout PeerBook, at now: NIODeadline) -> [PeerAddress] {
    var dialled: [PeerAddress] = []
    while let address = book.nextToDial(at: now) { dialled.append(address) }
    return dialled
  }
}
