internal import BitTorrent
internal import Metainfo
internal import NIOCore
internal import Testing

@Suite("A torrent's core and its connections")
struct TorrentCoreConnectionTests {
  let torrent: TestTorrent
  init() throws { torrent = try TestTorrent(pieces: 8) }

  func leech(_ change: (inout TorrentConfiguration) -> Void = { _ in }) throws -> CoreBench {
    try CoreBench(torrent, have: torrent.none, change)
  }

  @Test("dials the first peers at once, without waiting for time to pass")
  func dials() throws {
    let bench = try leech()
    let addresses = (1...5).map { PeerAddress(ipv4: 0x0a00_0100 | $0, port: 6_881) }
    let actions = bench.tell(.peersFound(addresses, .tracker))
    #expect(Set(actions.dialled) == Set(addresses))
    #expect(bench.tell(.peersFound(addresses, .tracker)).dialled.isEmpty)
  }

  @Test("does not dial itself twice")
  func ourself() throws {
    let bench = try leech()
    let address = PeerAddress(ipv4: 0x0a00_0101, port: 6_881)
    bench.tell(.peersFound([address], .tracker))
    var introduction = try bench.introduction(host: 1, direction: .outgoing)
    introduction.address = address
    introduction.peerID = try #require(CoreBench.ownID)
    let peer = bench.handle()
    let actions = bench.tell(.peerConnected(peer, introduction))
    #expect(actions.reason(of: peer) == .fault(.ourself))
    #expect(bench.tell(.peerClosed(peer)).isEmpty)
    #expect(bench.pass(.seconds(600)).dialled.isEmpty)
  }

  @Test("says something to each new peer after its extensions, so that none waits for more")
  func firstWords() throws {
    for isFast in [false, true] {
      let (features, last): (PeerFeatures, PeerMessage) =
        isFast ? ([.fast], .haveNone) : ([.extended], .keepAlive)
      let bench = try leech()
      let peer = bench.handle()
      let introduction = try bench.introduction(host: 1, features: features)
      let told = bench.tell(.peerConnected(peer, introduction)).messages(to: peer)
      #expect(told.last == last)
    }
    let seed = try CoreBench(torrent, have: torrent.full)
    let peer = seed.handle()
    let introduction = try seed.introduction(host: 1, features: [])
    #expect(
      seed.tell(.peerConnected(peer, introduction)).messages(to: peer)
        == [.bitfield(ByteBuffer(bytes: torrent.full.wireBytes))])
  }

  @Test("keeps one connection to a host, and refuses what is beyond its limit")
  func limits() throws {
    let bench = try leech { $0.maximumConnections = 2 }
    let first = try bench.connect(1)
    #expect(bench.core.statistics(at: bench.now).connections == 1)
    let again = bench.handle()
    let second = bench.tell(.peerConnected(again, try bench.introduction(host: 1, port: 9)))
    #expect(second.reason(of: again) == .duplicate)
    #expect(second.reason(of: first) == nil)
    _ = try bench.connect(2)
    let late = bench.handle()
    #expect(
      bench.tell(.peerConnected(late, try bench.introduction(host: 3))).reason(of: late)
        == .noRoom)
  }

  @Test("drops a peer that is silent for two minutes, and shows that it is there itself")
  func silence() throws {
    let bench = try leech()
    let quiet = try bench.connectLeech(1)
    let alive = try bench.connectLeech(2)
    var actions: [TorrentAction] = []
    for _ in 0..<4 {
      actions += bench.pass(.seconds(50))
      actions += bench.from(alive, .keepAlive)
    }
    #expect(actions.reason(of: quiet) == .silent)
    #expect(actions.reason(of: alive) == nil)
    #expect(actions.messages(to: alive).contains(.keepAlive))
  }

  @Test("drops a peer that neither side has any use for")
  func idle() throws {
    let bench = try leech()
    let peer = try bench.connect(1)
    bench.from(peer, .haveNone)
    var actions: [TorrentAction] = []
    for _ in 0..<7 {
      actions += bench.pass(.seconds(100))
      actions += bench.from(peer, .keepAlive)
    }
    #expect(actions.reason(of: peer) == .inactive)
  }

  @Test("after five minutes lets the least useful of too many connections go for others")
  func turnover() throws {
    let bench = try leech { $0.maximumConnections = 3 }
    let useless = try bench.connectLeech(1)
    let (seed, _) = try bench.connectSeed(2)
    let (other, _) = try bench.connectSeed(3)
    bench.tell(.peersFound([PeerAddress(ipv4: 0x0a00_0109, port: 6_881)], .tracker))
    var actions: [TorrentAction] = []
    for _ in 0..<4 {
      actions += bench.pass(.seconds(76))
      for peer in [useless, seed, other] { actions += bench.from(peer, .keepAlive) }
    }
    #expect(actions.reason(of: useless) == .turnover)
    #expect(actions.reason(of: seed) == nil && actions.reason(of: other) == nil)
    #expect(actions.dialled == [PeerAddress(ipv4: 0x0a00_0109, port: 6_881)])
  }

  @Test("lets many go sooner when none of them brings anything")
  func starved() throws {
    let bench = try leech { $0.maximumConnections = 8 }
    let mutes = try (1...8).map { try bench.connectSeed($0).peer }
    let others = (0..<8).map { PeerAddress(ipv4: 0x0a00_0109 + $0, port: 6_881) }
    bench.tell(.peersFound(others, .tracker))
    let early = bench.pass(.seconds(59))
    #expect(mutes.allSatisfy { early.reason(of: $0) == nil })
    let late = bench.pass(.seconds(2))
    #expect(mutes.count { late.reason(of: $0) == .turnover } == 2)
    #expect(late.dialled.count == 2)
  }

  @Test("hears nothing of a connection that it gave up")
  func gone() throws {
    let bench = try leech()
    let (peer, asked) = try bench.connectSeed(1)
    #expect(bench.tell(.peerFailed(peer, .messageTooLong(9))).reason(of: peer) != nil)
    #expect(bench.from(peer, torrent.message(asked[0])).isEmpty)
    #expect(bench.tell(.peerClosed(peer)).isEmpty)
    #expect(bench.tell(.uploaded(peer, asked[0])).isEmpty)
  }

  @Test("pauses and goes on")
  func pauses() throws {
    let bench = try leech()
    let peer = try bench.connectLeech(1)
    bench.core.pause(at: bench.now)
    #expect(bench.take().reason(of: peer) == .paused)
    let other = bench.handle()
    let refused = bench.tell(.peerConnected(other, try bench.introduction(host: 2)))
    #expect(refused.reason(of: other) == .paused)
    let address = PeerAddress(ipv4: 0x0a00_0109, port: 6_881)
    #expect(bench.tell(.peersFound([address], .tracker)).dialled.isEmpty)
    bench.core.resume(at: bench.now)
    #expect(bench.take().dialled == [address])
  }

  @Test("seeds let go of seeds, and of peers that only give")
  func bothComplete() throws {
    let bench = try CoreBench(torrent, have: torrent.full)
    let seed = try bench.connect(1)
    #expect(bench.from(seed, .haveAll).reason(of: seed) == .bothComplete)
    let partial = try bench.connect(2)
    let told = UploadOnly(true).message(id: ExtensionHandshake.LocalID.uploadOnly)
    #expect(bench.from(partial, .haveNone, told).reason(of: partial) == .bothComplete)
    let leecher = try bench.connectLeech(3)
    #expect(bench.pass(.seconds(60)).reason(of: leecher) == nil)
  }

  @Test("tells what it is in the extension handshake")
  func handshake() throws {
    let bench = try CoreBench(torrent, have: torrent.full) {
      $0.listenPort = 7_000
      $0.clientName = "btt/1"
    }
    let peer = bench.handle()
    let introduction = try bench.introduction(host: 1)
    let actions = bench.tell(.peerConnected(peer, introduction))
    let payload = try #require(
      actions.messages(to: peer).compactMap { message -> ByteBuffer? in
        if case .extended(0, let payload) = message { payload } else { nil }
      }.first)
    let told = try ExtensionHandshake(payload)
    #expect(told.port == 7_000)
    #expect(told.client == "btt/1")
    #expect(told.requestQueue == 2_000)
    #expect(told.metadataSize == torrent.info.rawBytes.count)
    #expect(told.uploadOnly == true)
    #expect(told.yourAddress == introduction.address.host)
    #expect(Set(told.extensions.keys) == ["ut_pex", "ut_metadata", "upload_only", "lt_donthave"])
  }

  @Test("closes on extension messages that are malformed, or of a peer that has none")
  func malformed() throws {
    let bench = try leech()
    let peer = try bench.connect(1)
    let junk = PeerMessage.extended(id: 0, payload: ByteBuffer(string: "d1:md"))
    #expect(bench.from(peer, junk).reason(of: peer) == .fault(.malformedExtension))
    let plain = try bench.connect(2, features: [.fast])
    #expect(bench.from(plain, junk).reason(of: plain) == .fault(.notNegotiated(id: 20)))
    let eager = try bench.connect(3)
    let many = Array(repeating: ExtensionHandshake().message, count: 17)
    #expect(bench.from(eager, many).reason(of: eager) == .fault(.flood))
  }

  @Test("lets a strategy speak its own extension, in order with everything else")
  func strategyExtension() throws {
    let strategy = ScriptedStrategy()
    strategy.extensionNames = ["bt_pay"]
    let bench = try CoreBench(torrent, have: torrent.full, strategy: strategy)
    let peer = try bench.connectLeech(1)
    var handshake = ExtensionHandshake()
    handshake.extensions = ["bt_pay": 44, "other": 45]
    bench.from(peer, handshake.message)
    #expect(strategy.agreed[peer] == ["bt_pay"])
    strategy.queue(.send(peer, extensionName: "bt_pay", ByteBuffer(string: "out")))
    let id = ExtensionHandshake.LocalID.firstOfStrategies
    let actions = bench.from(peer, .extended(id: id, payload: ByteBuffer(string: "in")))
    #expect(strategy.payloads == [Array("in".utf8)])
    #expect(
      actions.messages(to: peer) == [.extended(id: 44, payload: ByteBuffer(string: "out"))])
    bench.tell(.peerClosed(peer))
    #expect(strategy.gone == [peer])
  }

  @Test("tells a strategy of a peer first, then the handshake's entries under its names")
  func strategyEntries() throws {
    let strategy = ScriptedStrategy()
    strategy.extensionNames = ["bt_pay"]
    let bench = try CoreBench(torrent, have: torrent.full, strategy: strategy)
    let peer = try bench.connectLeech(1)
    #expect(strategy.introduced[peer] == (try bench.introduction(host: 1)))
    var handshake = ExtensionHandshake()
    handshake.extensions = ["bt_pay": 44]
    handshake.others = [.init("bt_pay", ["a": 1]), .init("other", 2)]
    bench.from(peer, handshake.message)
    #expect(strategy.offered[peer] == ["bt_pay": ByteBuffer(string: "d1:ai1ee")])
  }

  @Test("tells a strategy of requests that went out, and of those that won't be answered")
  func strategyRequests() throws {
    let strategy = ScriptedStrategy()
    let bench = try CoreBench(
      torrent, have: Bitfield(bitCount: torrent.full.bitCount), strategy: strategy)
    let (seed, asked) = try bench.connectSeed(1)
    #expect(!asked.isEmpty)
    #expect(strategy.events == asked.map { .requested($0, of: seed) })

    let server = ScriptedStrategy()
    let other = try CoreBench(torrent, have: torrent.full, strategy: server) {
      $0.uploadWindow = 16_384
    }
    // Without the fast extension no piece is allowed to one who is choked.
    let peer = try other.connect(1, features: [.extended])
    other.from(peer, .interested)
    let blocks = torrent.blocks(of: 0) + torrent.blocks(of: 1) + torrent.blocks(of: 2)
    other.from(peer, blocks.map { .request($0) })
    other.from(peer, .cancel(blocks[1]))
    #expect(server.events == [.dropped(blocks[1], of: peer)])
    server.tiers[peer] = -1
    server.queue(.rechoke)
    other.tell(.tick)
    #expect(Set(server.events.dropFirst()).isSubset(of: blocks.map { .dropped($0, of: peer) }))
    #expect(server.events.count > 1)
  }

  @Test("gives a strategy time, figures, a batch when it was woken, and connections that it keeps")
  func strategyTime() throws {
    let strategy = ScriptedStrategy()
    let bench = try CoreBench(torrent, have: torrent.full, strategy: strategy)
    let peer = try bench.connectLeech(1)
    bench.pass(.seconds(1))
    let figures = try #require(strategy.figures)
    #expect(figures.isComplete && figures.bytesLeft == 0 && figures.uploadSlots == 8)
    #expect(figures.pieceLength == torrent.info.layout.pieceLength)
    #expect(strategy.now == bench.now)
    let settlements = strategy.settlements
    strategy.queue(.disconnect(peer, reason: "woken"))
    #expect(bench.tell(.woken).reason(of: peer) == .unwanted("woken"))
    #expect(strategy.settlements == settlements + 1)
    let seed = try bench.connect(2)
    strategy.kept = [seed]
    #expect(bench.from(seed, .haveAll).reason(of: seed) == nil)
    strategy.kept = []
    #expect(bench.pass(.seconds(1)).reason(of: seed) == .bothComplete)
  }

  @Test("lets a strategy hold, reject and admit requests")
  func strategyVerdicts() throws {
    let strategy = ScriptedStrategy()
    let bench = try CoreBench(torrent, have: torrent.full, strategy: strategy)
    let peer = try bench.connectLeech(1)
    let blocks = torrent.blocks(of: 0) + torrent.blocks(of: 1)
    strategy.verdicts = [blocks[0]: .hold, blocks[1]: .reject]
    let actions = bench.from(peer, blocks.map { .request($0) })
    #expect(actions.rejects(to: peer) == [blocks[1]])
    #expect(actions.uploads(to: peer) == Array(blocks[2...]))
    strategy.verdicts = [:]
    strategy.queue(.reconsider(peer))
    #expect(bench.tell(.uploaded(peer, blocks[2])).uploads(to: peer) == [blocks[0]])
    strategy.queue(.disconnect(peer, reason: "unpaid"))
    #expect(bench.tell(.uploaded(peer, blocks[3])).reason(of: peer) == .unwanted("unpaid"))
  }
}
