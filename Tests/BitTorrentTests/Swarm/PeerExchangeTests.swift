internal import BitTorrent
internal import Metainfo
internal import NIOCore
internal import Testing

@Suite("Peers that tell each other of peers")
struct PeerExchangeTests {
  let torrent: TestTorrent
  init() throws { torrent = try TestTorrent(pieces: 8) }

  private static let theirID: UInt8 = 9

  func bench(_ change: (inout TorrentConfiguration) -> Void = { _ in }) throws -> CoreBench {
    try CoreBench(torrent, have: torrent.none, change)
  }

  /// A peer that speaks the extension connects, dialled or not; `port` is the one it says it
  /// listens on.
  func connect(
    _ bench: CoreBench, _ address: PeerAddress,
    _ direction: PeerIntroduction.Direction = .outgoing, port: UInt16? = nil, id: UInt8
  ) throws -> PeerHandle {
    let peer = bench.handle()
    if direction == .outgoing { bench.tell(.peersFound([address], .tracker)) }
    var introduction = try bench.introduction(host: id, id: id, direction: direction)
    introduction.address = address
    bench.tell(.peerConnected(peer, introduction))
    var handshake = ExtensionHandshake()
    handshake.extensions = [ExtensionHandshake.Name.exchange: Self.theirID]
    handshake.port = port
    bench.from(peer, .haveNone, handshake.message)
    return peer
  }

  func told(_ actions: [TorrentAction], _ peer: PeerHandle) throws -> [PeerExchangeMessage] {
    try actions.messages(to: peer).compactMap {
      guard case .extended(Self.theirID, let payload) = $0 else { return nil }
      return try PeerExchangeMessage(payload)
    }
  }

  func message(_ addresses: [PeerAddress], _ flags: PeerExchangeMessage.Flags = []) -> PeerMessage {
    var message = PeerExchangeMessage()
    message.added = addresses.map { .init($0, flags) }
    return message.message(id: ExtensionHandshake.LocalID.exchange)
  }

  static func host(_ number: UInt32) -> PeerAddress {
    PeerAddress(ipv4: 0x0800_0000 + number, port: 6_881)
  }

  // MARK: Telling

  @Test("A, connected with B, hears from B of C, and dials it")
  func abc() throws {
    let (b, a) = (try bench(), try bench())
    let (addressA, addressC) = (Self.host(1), Self.host(3))
    let toA = try connect(b, addressA, .incoming, port: 6_881, id: 1)
    #expect(try told(b.pass(.seconds(2)), toA).isEmpty)
    _ = try connect(b, addressC, id: 3)
    let messages = try told(b.pass(.seconds(2)), toA)
    #expect(messages.count == 1)
    #expect(messages.first?.added == [.init(addressC, .reachable)])

    let fromB = try connect(a, Self.host(2), id: 2)
    let dialled = a.from(fromB, self.message(messages.flatMap { $0.added.map(\.address) })).dialled
    #expect(dialled == [addressC])
  }

  @Test("are told what changed, at most once a minute")
  func changes() throws {
    let bench = try bench()
    let reader = try connect(bench, Self.host(1), id: 1)
    let other = try connect(bench, Self.host(2), id: 2)
    let first = try told(bench.pass(.seconds(1)), reader)
    #expect(first.map { $0.added.map(\.address) } == [[Self.host(2)]])
    bench.tell(.peerClosed(other))
    let later = try connect(bench, Self.host(3), id: 3)
    #expect(try told(bench.pass(.seconds(55)), reader).isEmpty)
    let second = try told(bench.pass(.seconds(10)), reader)
    #expect(second.map { $0.added.map(\.address) } == [[Self.host(3)]])
    #expect(second.map(\.dropped) == [[Self.host(2)]])
    for peer in [reader, later] { bench.from(peer, .keepAlive) }
    #expect(try told(bench.pass(.seconds(100)), reader).isEmpty)
  }

  @Test("are told of no more than 50 at a time")
  func fifty() throws {
    let bench = try bench()
    let reader = try connect(bench, Self.host(1), id: 1)
    for number in 2..<72 {
      _ = try connect(bench, Self.host(UInt32(number)), id: UInt8(number))
    }
    let first = try told(bench.pass(.seconds(1)), reader)
    #expect(first.map(\.added.count) == [50])
    let second = try told(bench.pass(.seconds(61)), reader)
    #expect(second.map(\.added.count) == [20])
  }

  @Test("are not told of a peer that cannot be dialled, nor of private addresses if public")
  func vouching() throws {
    let bench = try bench()
    let reader = try connect(bench, Self.host(1), id: 1)
    // It has not told where it listens.
    _ = try connect(bench, Self.host(2), .incoming, id: 2)
    _ = try connect(bench, PeerAddress(ipv4: 0x0a00_0005, port: 6_881), id: 3)
    _ = try connect(bench, PeerAddress(ipv4: 0x7f00_0005, port: 6_881), id: 4)
    #expect(try told(bench.pass(.seconds(2)), reader).isEmpty)
    _ = try connect(bench, PeerAddress(ipv4: 0x0800_0007, port: 40_000), .incoming, port: 7, id: 5)
    let messages = try told(bench.pass(.seconds(2)), reader)
    #expect(messages.map(\.added) == [[.init(PeerAddress(ipv4: 0x0800_0007, port: 7))]])
  }

  @Test("of a private torrent are told nothing, and believed nothing")
  func privately() throws {
    let info = try TorrentInfo(rawBytes: torrent.privateInfo)
    let core = TorrentCore(
      configuration: TorrentConfiguration(
        infoHashes: info.hashes, peerID: try #require(CoreBench.ownID)), seed: 1,
      now: .uptimeNanoseconds(1))
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
    var all: [TorrentAction] = []
    func tell(_ event: TorrentEvent) {
      core.handle(event, at: now)
      var batch: [TorrentAction] = []
      core.takeActions(at: now, into: &batch)
      all += batch
    }
    tell(.ready(info, PieceLayers(), have: torrent.none, blocks: [:]))
    let bench = try bench()
    for number in [1, 2] as [UInt8] {
      var introduction = try bench.introduction(host: number, direction: .outgoing)
      introduction.address = Self.host(UInt32(number))
      tell(.peersFound([introduction.address], .tracker))
      tell(.peerConnected(PeerHandle(Int(number)), introduction))
      var handshake = ExtensionHandshake()
      handshake.extensions = [ExtensionHandshake.Name.exchange: Self.theirID]
      tell(.message(PeerHandle(Int(number)), handshake.message))
      tell(.message(PeerHandle(Int(number)), message([Self.host(50)])))
    }
    for _ in 0..<10 {
      now = now + TorrentCore.tickInterval
      tell(.tick)
    }
    #expect(!all.dialled.contains(Self.host(50)))
    for peer in [PeerHandle(1), PeerHandle(2)] {
      #expect(try told(all, peer).isEmpty)
      let handshakes = all.messages(to: peer).compactMap { message -> ExtensionHandshake? in
        guard case .extended(ExtensionHandshake.messageID, let payload) = message else {
          return nil
        }
        return try? ExtensionHandshake(payload)
      }
      #expect(handshakes.map { $0.id(of: ExtensionHandshake.Name.exchange) } == [nil])
    }
  }

  @Test("are no longer told once a magnet's torrent proves to be private")
  func lateAndPrivate() throws {
    let bench = try CoreBench(torrent, have: nil)
    let peer = try connect(bench, Self.host(1), id: 1)
    _ = try connect(bench, Self.host(2), id: 2)
    #expect(try told(bench.pass(.seconds(1)), peer).count == 1)
    let info = try TorrentInfo(rawBytes: torrent.privateInfo)
    let actions = bench.tell(.ready(info, PieceLayers(), have: torrent.none, blocks: [:]))
    let handshakes = try actions.messages(to: peer).compactMap { message in
      if case .extended(ExtensionHandshake.messageID, let payload) = message {
        try ExtensionHandshake(payload)
      } else {
        nil
      }
    }
    #expect(handshakes.map { $0.extensions[ExtensionHandshake.Name.exchange] } == [0])
    _ = try connect(bench, Self.host(3), id: 3)
    #expect(try told(bench.pass(.seconds(90)), peer).isEmpty)
    #expect(bench.from(peer, message([Self.host(50)])).dialled.isEmpty)
  }

  // MARK: Believing

  @Test("are heard of IPv6 peers as well, each once however often it is named")
  func duplicates() throws {
    let bench = try bench()
    let peer = try connect(bench, Self.host(1), id: 1)
    let six = PeerAddress(high: 0x2001_0db8_0000_0000, low: 7, port: 6_881)
    let actions =
      bench.from(peer, message([six, Self.host(9), six, Self.host(9)]))
      + bench.from(peer, message([Self.host(9), six]))
    #expect(Set(actions.dialled) == [six, Self.host(9)] && actions.dialled.count == 2)
  }

  @Test("are dropped when they tell far more often than once a minute")
  func flood() throws {
    let bench = try bench()
    let peer = try connect(bench, Self.host(1), id: 1)
    var actions: [TorrentAction] = []
    for number in 0..<10 { actions += bench.from(peer, message([Self.host(UInt32(100 + number))])) }
    #expect(actions.reason(of: peer) == .fault(.flood))
    #expect(actions.dialled.count <= 6)
  }

  @Test("are heard for hours when they tell once a minute")
  func patience() throws {
    let bench = try bench()
    let peer = try connect(bench, Self.host(1), id: 1)
    bench.from(peer, .interested)
    for number in 0..<120 {
      let actions =
        bench.from(peer, message([Self.host(UInt32(100 + number))])) + bench.pass(.seconds(60))
      #expect(actions.reason(of: peer) == nil)
    }
  }

  @Test("are not believed addresses that they cannot know or that nobody can dial")
  func martians() throws {
    let bench = try bench()
    let peer = try connect(bench, Self.host(1), id: 1)
    let martians = [
      PeerAddress(ipv4: 0x7f00_0001, port: 80), PeerAddress(ipv4: 0x0a01_0203, port: 80),
      PeerAddress(ipv4: 0xc0a8_0001, port: 80), PeerAddress(ipv4: 0xa9fe_0001, port: 80),
      PeerAddress(ipv4: 0xe000_0001, port: 80), PeerAddress(ipv4: 0xffff_ffff, port: 80),
      PeerAddress(ipv4: 0, port: 80), PeerAddress(ipv4: 0x0801_0101, port: 0),
      PeerAddress(high: 0, low: 1, port: 80), PeerAddress(high: 0xfe80 << 48, low: 1, port: 80),
      PeerAddress(high: 0xff02 << 48, low: 1, port: 80),
    ]
    #expect(bench.from(peer, message(martians)).dialled.isEmpty)
    #expect(bench.pass(.seconds(10)).dialled.isEmpty)
  }

  @Test("cannot have one host dialled at many ports")
  func amplifier() throws {
    let bench = try bench()
    let peer = try connect(bench, Self.host(1), id: 1)
    let ports = (1...50).map { PeerAddress(ipv4: 0x0809_0909, port: $0) }
    #expect(bench.from(peer, message(ports)).dialled.count == 1)
    let own = (1...50).map { PeerAddress(ipv4: 0x0800_0001, port: $0) }
    #expect(bench.from(peer, message(own)).dialled.isEmpty)
    // Nor port by port.
    for port in 51...53 as ClosedRange<UInt16> {
      let one = PeerAddress(ipv4: 0x0809_0909, port: port)
      #expect(bench.from(peer, message([one])).dialled.isEmpty)
    }
    #expect(bench.pass(.seconds(5)).dialled.isEmpty)
  }

  @Test("have no more addresses believed when they connect anew")
  func reconnecting() throws {
    let bench = try bench { $0.maximumHalfOpen = 1 }
    for round in 0..<3 {
      let peer = try connect(bench, Self.host(1), .incoming, id: 1)
      for part in 0..<5 {
        let first = UInt32(1_000 + (round * 5 + part) * 50)
        bench.from(peer, message((first..<first + 50).map(Self.host)))
      }
      bench.tell(.peerClosed(peer))
    }
    let candidates = bench.core.statistics(at: bench.now).candidates
    #expect((190...201).contains(candidates))
  }

  @Test("that tell lies by the thousand do not shut out what others tell")
  func shuttingOut() throws {
    let now = NIODeadline.uptimeNanoseconds(1)
    var book = PeerBook(at: now) { _ in 0 }
    book.add((0..<5_000).map { Self.host($0) }, from: .exchange, at: now)
    #expect(book.count <= book.configuration.capacity / 2)
    #expect(book.add([Self.host(9_000)], from: .exchange, at: now) == 1)
    #expect(book.isKnown(Self.host(9_000)))
  }

  @Test("cannot have a peer passed over that a tracker names as well")
  func falseSeeds() throws {
    let now = NIODeadline.uptimeNanoseconds(1)
    var book = PeerBook(at: now) { _ in 0 }
    book.isComplete = true
    book.add([Self.host(1)], from: .exchange, at: now)
    book.markSeed(Self.host(1))
    #expect(book.nextToDial(at: now) == nil)
    book.add([Self.host(1)], from: .tracker, at: now)
    #expect(book.nextToDial(at: now) == Self.host(1))
  }

  @Test("and others that no tracker named, are let go once a magnet's torrent proves to be private")
  func unfitForPrivate() throws {
    let bench = try CoreBench(torrent, have: nil) { $0.maximumHalfOpen = 1 }
    func meet(_ number: UInt8, _ sources: PeerSource...) throws -> PeerHandle {
      let peer = bench.handle()
      let address = Self.host(UInt32(number))
      for source in sources { bench.tell(.peersFound([address], source)) }
      var introduction = try bench.introduction(host: number, direction: .outgoing)
      introduction.address = address
      bench.tell(.peerConnected(peer, introduction))
      return peer
    }
    let fit = [try meet(1, .tracker), try meet(2, .dht, .tracker), try meet(3, .user)]
    let unfit = [try meet(4, .dht), try meet(5, .exchange), try meet(6, .localNetwork, .dht)]
    // One is being dialled, another waits for it.
    let late = Self.host(7)
    #expect(bench.tell(.peersFound([late, Self.host(8)], .dht)).dialled.count == 1)

    let info = try TorrentInfo(rawBytes: torrent.privateInfo)
    var actions = bench.tell(.ready(info, PieceLayers(), have: torrent.none, blocks: [:]))
    for peer in unfit { #expect(actions.reason(of: peer) == .unwanted(PeerBook.unfitReason)) }
    for peer in fit { #expect(actions.reason(of: peer) == nil) }
    for number in [7, 8] as [UInt8] {
      var introduction = try bench.introduction(host: number, direction: .outgoing)
      introduction.address = Self.host(UInt32(number))
      let peer = bench.handle()
      actions = bench.tell(.peerConnected(peer, introduction))
      #expect(actions.reason(of: peer) == .unwanted(PeerBook.unfitReason))
    }
    #expect(bench.tell(.peersFound([Self.host(9)], .dht)).dialled.isEmpty)
    #expect(bench.tell(.peersFound([Self.host(10)], .tracker)).dialled == [Self.host(10)])
  }

  @Test("alone never fill the book, nor do many of them")
  func crowding() throws {
    let bench = try bench { $0.maximumHalfOpen = 1 }
    let peer = try connect(bench, Self.host(1), id: 1)
    let full = 6 * 50
    for part in 0..<6 {
      let addresses = (0..<50).map { Self.host(UInt32(1_000 + part * 50 + $0)) }
      bench.from(peer, message(addresses))
    }
    #expect(full > 200 && bench.core.statistics(at: bench.now).candidates <= 201)

    var book = PeerBook(at: bench.now) { _ in 0 }
    book.add((0..<10_000).map { Self.host($0) }, from: .exchange, at: bench.now)
    let half = book.configuration.capacity / 2
    #expect((half - half / 20...half).contains(book.count))
    book.add((0..<2_000).map { Self.host(20_000 + $0) }, from: .tracker, at: bench.now)
    #expect(book.count > book.configuration.capacity / 2 + 1_300)
  }

  @Test("that break the encoding are dropped")
  func malformed() throws {
    let bench = try bench()
    let peer = try connect(bench, Self.host(1), id: 1)
    let junk = PeerMessage.extended(
      id: ExtensionHandshake.LocalID.exchange, payload: ByteBuffer(string: "d5:added3:abce"))
    #expect(bench.from(peer, junk).reason(of: peer) == .fault(.malformedExtension))
  }
}

extension TestTorrent {
  /// The info dictionary with the private flag, for the same pieces.
  var privateInfo: [UInt8] {
    // The key `private` comes behind all others of a v1 torrent of one file.
    Array(info.rawBytes.dropLast()) + Array("7:privatei1ee".utf8)
  }
}
