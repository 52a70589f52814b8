internal import BitTorrent
internal import Metainfo
internal import NIOCore
internal import Testing

@Suite("A torrent's core, serving")
struct TorrentCoreUploadTests {
  let torrent: TestTorrent
  init() throws { torrent = try TestTorrent(pieces: 40) }

  func seed(_ change: (inout TorrentConfiguration) -> Void = { _ in }) throws -> CoreBench {
    try CoreBench(torrent, have: torrent.full, change)
  }

  let block = BlockRequest(piece: 3, offset: 0, length: 16_384)

  @Test("gives a free slot at once, and serves a batch of requests together")
  func serves() throws {
    let bench = try seed()
    let peer = try bench.connect(1)
    bench.from(peer, .haveNone)
    #expect(bench.from(peer, .interested).messages(to: peer).contains(.unchoke))
    let blocks = torrent.blocks(of: 3) + torrent.blocks(of: 5)
    let actions = bench.from(peer, blocks.map { .request($0) })
    #expect(actions.uploads(to: peer) == blocks)
    #expect(actions.count == 1)
  }

  @Test("says what it has first: have-all, a bitfield, or have-none; a keep-alive where none fits")
  func tellsPieces() throws {
    func first(_ have: Bitfield, _ features: PeerFeatures) throws -> PeerMessage? {
      let bench = try CoreBench(torrent, have: have)
      let peer = bench.handle()
      let actions = bench.tell(
        .peerConnected(peer, try bench.introduction(host: 1, features: features)))
      return actions.messages(to: peer).first
    }
    var some = torrent.none
    some[2] = true
    let bits = PeerMessage.bitfield(ByteBuffer(bytes: some.wireBytes))
    #expect(try first(torrent.full, [.fast, .extended]) == .haveAll)
    #expect(try first(torrent.none, [.fast, .extended]) == .haveNone)
    #expect(try first(some, [.fast, .extended]) == bits)
    #expect(try first(some, []) == bits)
    #expect(try first(torrent.none, []) == .keepAlive)
    #expect(
      try first(torrent.full, []) == .bitfield(ByteBuffer(bytes: torrent.full.wireBytes)))
  }

  @Test("keeps a bounded number of bytes on their way to a peer's socket")
  func window() throws {
    let bench = try seed { $0.uploadWindow = 64 << 10 }
    let peer = try bench.connectLeech(1)
    let blocks = (0..<10).flatMap { torrent.blocks(of: $0) }
    let first = bench.from(peer, blocks.map { .request($0) }).uploads(to: peer)
    #expect(first == Array(blocks.prefix(4)))
    #expect(bench.tell(.uploaded(peer, first[0])).uploads(to: peer) == [blocks[4]])
  }

  @Test("rejects what is beyond its queue, and closes on a peer that goes on")
  func floods() throws {
    let bench = try seed { $0.requestQueueLimit = 50 }
    let peer = try bench.connectLeech(1)
    let flood = Array(repeating: PeerMessage.request(block), count: 50 + 64 + 30)
    let actions = bench.from(peer, flood)
    // What is on its way has left the queue only when the batch ended.
    #expect(actions.rejects(to: peer).count == 94)
    #expect(actions.reason(of: peer) == nil)
    var reason: PeerCloseReason?
    for _ in 0..<10 where reason == nil {
      reason = bench.from(peer, flood).reason(of: peer)
    }
    #expect(reason == .fault(.requestFlood))
  }

  @Test("keeps what a peer without the fast extension asks beyond the queue, up to a bound")
  func oldPeersQueue() throws {
    let bench = try seed { $0.requestQueueLimit = 50 }
    let peer = try bench.connectLeech(1, features: [])
    let flood = Array(repeating: PeerMessage.request(block), count: 390)
    var served = bench.from(peer, flood).uploads(to: peer)
    #expect(served.count == 64)
    while served.count < 390 {
      let more = bench.tell(.uploaded(peer, block)).uploads(to: peer)
      try #require(!more.isEmpty)
      served += more
    }
    let endless = Array(repeating: PeerMessage.request(block), count: 800)
    #expect(bench.from(peer, endless).reason(of: peer) == .fault(.requestFlood))
  }

  @Test("rejects requests of a choked peer, and drops one that never stops")
  func chokedFlood() throws {
    let bench = try seed { $0.requestQueueLimit = 50 }
    let peer = try bench.connect(1)
    var half = torrent.none
    for piece in 0..<20 { half[piece] = true }
    bench.from(peer, .bitfield(ByteBuffer(bytes: half.wireBytes)))
    bench.pass(.seconds(11))
    let actions = bench.from(peer, Array(repeating: .request(block), count: 300))
    #expect(actions.rejects(to: peer).count == 300)
    #expect(actions.reason(of: peer) == nil)
    #expect(bench.from(peer, .request(block)).reason(of: peer) == .fault(.requestFlood))
  }

  @Test("serves the allowed-fast pieces to a choked peer, each at most three times")
  func allowedFast() throws {
    let bench = try seed()
    let peer = try bench.connect(1)
    let granted = bench.from(peer, .haveNone).messages(to: peer).compactMap {
      if case .allowedFast(let piece) = $0 { piece } else { nil }
    }
    let address = try bench.introduction(host: 1).address
    #expect(
      granted
        == AllowedFastSet.pieces(
          for: address, infoHash: torrent.info.hashes.primary, pieceCount: 40))
    let piece = try #require(granted.first { $0 != 39 })
    let blocks = torrent.blocks(of: piece)
    for _ in 0..<3 {
      #expect(bench.from(peer, blocks.map { .request($0) }).uploads(to: peer) == blocks)
      for block in blocks { bench.tell(.uploaded(peer, block)) }
    }
    #expect(bench.from(peer, .request(blocks[0])).rejects(to: peer) == [blocks[0]])
    let other = try #require((0..<40).first { !granted.contains($0) })
    let refused = torrent.blocks(of: other)[0]
    #expect(bench.from(peer, .request(refused)).rejects(to: peer) == [refused])
  }

  @Test("answers a cancel of a waiting request with a reject, and never sends the block")
  func cancels() throws {
    let bench = try seed { $0.uploadWindow = 16_384 }
    let peer = try bench.connectLeech(1)
    let blocks = torrent.blocks(of: 3)
    #expect(bench.from(peer, blocks.map { .request($0) }).uploads(to: peer) == [blocks[0]])
    #expect(bench.from(peer, .cancel(blocks[1])).rejects(to: peer) == [blocks[1]])
    #expect(bench.from(peer, .cancel(blocks[0])).rejects(to: peer).isEmpty)
    #expect(bench.tell(.uploaded(peer, blocks[0])).uploads(to: peer).isEmpty)
  }

  @Test("drops a peer that takes back far more than it ever asked for")
  func cancelFlood() throws {
    let bench = try seed()
    let peer = try bench.connectLeech(1)
    bench.from(peer, .request(block))
    let cancels = Array(repeating: PeerMessage.cancel(block), count: 1_001)
    #expect(bench.from(peer, cancels).reason(of: peer) == nil)
    #expect(bench.from(peer, .cancel(block)).reason(of: peer) == .fault(.flood))
  }

  @Test("rejects what waits when it chokes a peer, but not what is allowed fast")
  func chokeRejects() throws {
    let strategy = ScriptedStrategy()
    let bench = try CoreBench(torrent, have: torrent.full, strategy: strategy) {
      $0.uploadWindow = 16_384
    }
    let peer = try bench.connectLeech(1)
    let blocks = torrent.blocks(of: 3) + torrent.blocks(of: 4)
    bench.from(peer, blocks.map { .request($0) })
    strategy.tiers[peer] = -1
    strategy.queue(.rechoke)
    let actions = bench.tell(.uploaded(peer, blocks[0]))
    let messages = actions.messages(to: peer)
    #expect(messages.first == .choke)
    let granted = AllowedFastSet.pieces(
      for: try bench.introduction(host: 1).address, infoHash: torrent.info.hashes.primary,
      pieceCount: 40)
    #expect(
      actions.rejects(to: peer) == blocks.dropFirst().filter { !granted.contains($0.piece) })
  }

  @Test(
    "closes on requests outside of the torrent",
    arguments: [
      BlockRequest(piece: 40, offset: 0, length: 16_384),
      BlockRequest(piece: 0, offset: 16_385, length: 16_384),
      BlockRequest(piece: 0, offset: 0, length: 0),
      BlockRequest(piece: 0, offset: 0, length: 16_385),
      BlockRequest(piece: 39, offset: 0, length: 5_001),
      BlockRequest(piece: -1, offset: 0, length: 1),
      BlockRequest(piece: 0, offset: .max, length: 1),
      BlockRequest(piece: 0, offset: -1, length: 1),
    ])
  func invalidRequests(_ request: BlockRequest) throws {
    let bench = try seed()
    let peer = try bench.connectLeech(1)
    #expect(
      bench.from(peer, .request(request)).reason(of: peer) == .fault(.invalidRequest(request)))
  }

  @Test("rejects a request for a piece that it lacks")
  func missingPiece() throws {
    var some = torrent.full
    some[3] = false
    let bench = try CoreBench(torrent, have: some)
    let peer = try bench.connectLeech(1)
    #expect(bench.from(peer, .request(block)).rejects(to: peer) == [block])
  }

  @Test("tells a peer without the fast extension by a choke that a request is refused")
  func refusesOldPeers() throws {
    var some = torrent.full
    some[3] = false
    let bench = try CoreBench(torrent, have: some)
    let peer = try bench.connectLeech(1, features: [])
    #expect(bench.from(peer, .request(block)).messages(to: peer) == [.choke, .unchoke])
  }

  @Test("refuses a block that can't be read, and gives up a piece that never can, and tells peers")
  func unreadable() throws {
    let bench = try seed()
    let peer = try bench.connectLeech(1)
    var handshake = ExtensionHandshake()
    handshake.extensions = [ExtensionHandshake.Name.dontHave: 9]
    bench.from(peer, handshake.message)
    for _ in 0..<2 {
      bench.from(peer, .request(block))
      #expect(bench.tell(.uploadFailed(peer, block)).messages(to: peer) == [.reject(block)])
    }
    bench.pass(.seconds(11))
    bench.from(peer, .request(block))
    let actions = bench.tell(.uploadFailed(peer, block))
    #expect(actions.contains { if case .discard(3) = $0 { true } else { false } })
    #expect(actions.rejects(to: peer) == [block])
    #expect(actions.messages(to: peer).contains(DontHave(piece: 3).message(id: 9)))
    #expect(bench.core.statistics(at: bench.now).piecesDone == 39)
    #expect(bench.from(peer, .request(block)).rejects(to: peer) == [block])
  }

  @Test("sends no faster than its limits allow")
  func limited() throws {
    let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    let limit = RateLimiter(rate: 64 << 10, at: start)
    let bench = try CoreBench(torrent, have: torrent.full, uploadLimits: [limit])
    let peer = try bench.connectLeech(1)
    let blocks = (0..<20).flatMap { torrent.blocks(of: $0) }
    var sent = bench.from(peer, blocks.map { .request($0) }).uploads(to: peer)
    for block in sent { sent += bench.tell(.uploaded(peer, block)).uploads(to: peer) }
    #expect(sent.count <= 4)
    for _ in 0..<4 {
      let more = bench.pass(.seconds(1)).uploads(to: peer)
      for block in more { sent += bench.tell(.uploaded(peer, block)).uploads(to: peer) }
      sent += more
    }
    #expect((12...20).contains(sent.count))
  }
}
