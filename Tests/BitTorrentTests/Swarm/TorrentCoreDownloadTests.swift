internal import BitTorrent
internal import Metainfo
internal import NIOCore
internal import Testing

@Suite("A torrent's core, asking")
struct TorrentCoreDownloadTests {
  let torrent: TestTorrent
  init() throws { torrent = try TestTorrent(pieces: 40) }

  func leech(_ change: (inout TorrentConfiguration) -> Void = { _ in }) throws -> CoreBench {
    try CoreBench(torrent, have: torrent.none, change)
  }

  @Test("is interested as soon as a peer has something, and asks as soon as it may")
  func asks() throws {
    let bench = try leech()
    let peer = try bench.connect(1)
    #expect(bench.from(peer, .have(piece: 3)).messages(to: peer) == [.interested])
    let actions = bench.from(peer, .unchoke)
    #expect(Set(actions.requests(to: peer)) == Set(torrent.blocks(of: 3)))
  }

  @Test("fetches a torrent from one seed, says so once, and ends the connection")
  func completes() throws {
    let bench = try leech()
    var (peer, asked) = try bench.connectSeed(1)
    var actions: [TorrentAction] = []
    var stored = 0
    while !asked.isEmpty {
      let new = bench.from(peer, torrent.message(asked.removeFirst()))
      stored += new.stored.count
      asked += new.requests(to: peer)
    }
    #expect(stored == (0..<40).reduce(0) { $0 + torrent.blocks(of: $1).count })
    for piece in 0..<40 { actions += bench.tell(.storage(.pieceVerified(piece))) }
    #expect(actions.completions == 1)
    #expect(actions.reason(of: peer) == .bothComplete)
    #expect(bench.core.statistics(at: bench.now).phase == .seeding)
    #expect(bench.core.statistics(at: bench.now).wasted == 0)
  }

  @Test("never asks more of a peer than it told that it keeps")
  func requestQueue() throws {
    let bench = try leech()
    let peer = try bench.connect(1)
    var handshake = ExtensionHandshake()
    handshake.requestQueue = 5
    bench.from(peer, .haveAll, handshake.message)
    #expect(bench.from(peer, .unchoke).requests(to: peer).count == 5)
  }

  @Test("asks a choking peer for the pieces that it allows")
  func allowedFast() throws {
    let bench = try leech()
    let peer = try bench.connect(1)
    bench.from(peer, .haveAll)
    let asked = bench.from(peer, .allowedFast(piece: 7), .allowedFast(piece: 4_000))
    #expect(Set(asked.requests(to: peer)) == Set(torrent.blocks(of: 7)))
  }

  @Test("gives the blocks of a peer that chokes or leaves to others")
  func releases() throws {
    let bench = try leech()
    let (first, asked) = try bench.connectSeed(1, features: [.extended])
    let (second, _) = try bench.connectSeed(2)
    #expect(!asked.isEmpty)
    bench.from(first, .choke)
    bench.exhaust(second)
    #expect(bench.asked[second]?.isSuperset(of: asked) == true)
  }

  @Test("takes a block that crossed its choke, and no other that it did not ask for")
  func unrequested() throws {
    let bench = try leech()
    let (peer, asked) = try bench.connectSeed(1, features: [.extended])
    bench.from(peer, .choke)
    #expect(bench.from(peer, torrent.message(asked[0])).stored == [asked[0]])
    let bench2 = try leech()
    let other = try bench2.connect(1)
    bench2.from(other, .haveAll)
    let block = torrent.blocks(of: 0)[0]
    let many = Array(repeating: torrent.message(block), count: 32)
    let actions = bench2.from(other, many)
    #expect(actions.stored.isEmpty)
    #expect(actions.reason(of: other) == nil)
    #expect(
      bench2.from(other, torrent.message(block)).reason(of: other) == .fault(.unrequestedBlocks))
    #expect(bench2.core.statistics(at: bench2.now).banned == 1)
  }

  @Test("closes on a peer that rejects what nobody asked of it")
  func unaskedRejects() throws {
    let bench = try leech()
    let peer = try bench.connect(1)
    bench.from(peer, .haveAll)
    let reject = PeerMessage.reject(torrent.blocks(of: 0)[0])
    #expect(bench.from(peer, Array(repeating: reject, count: 32)).reason(of: peer) == nil)
    #expect(bench.from(peer, reject).reason(of: peer) == .fault(.unrequestedBlocks))
  }

  @Test("closes on a block of another length than it asked for")
  func wrongLength() throws {
    let bench = try leech()
    let (peer, asked) = try bench.connectSeed(1)
    let short = PeerMessage.piece(
      piece: asked[0].piece, offset: asked[0].offset, data: ByteBuffer(repeating: 0, count: 9))
    #expect(bench.from(peer, short).reason(of: peer) == .fault(.wrongBlockLength(asked[0])))
  }

  @Test(
    "closes on pieces that the torrent does not have",
    arguments: [
      PeerMessage.have(piece: 40), .suggest(piece: 40), .have(piece: .max),
      .allowedFast(piece: 2_097_152),
    ])
  func foreignPieces(_ message: PeerMessage) throws {
    let bench = try leech()
    let peer = try bench.connect(1)
    guard case .fault(.noSuchPiece)? = bench.from(peer, message).reason(of: peer) else {
      Issue.record("\(message) was not a fault")
      return
    }
  }

  @Test("closes on a bitfield that does not fit, on have-all twice, and on a late have-none")
  func bitfields() throws {
    let bench = try leech()
    let long = try bench.connect(1)
    let bits = PeerMessage.bitfield(ByteBuffer(repeating: 0, count: 6))
    #expect(bench.from(long, bits).reason(of: long) == .fault(.invalidBitfield))
    let spare = try TestTorrent(pieces: 3)
    let small = try CoreBench(spare, have: spare.none)
    let peer = try small.connect(1)
    #expect(
      small.from(peer, .bitfield(ByteBuffer(bytes: [0x10]))).reason(of: peer)
        == .fault(.invalidBitfield))
    let twice = try bench.connect(2)
    bench.from(twice, .haveAll)
    #expect(bench.from(twice, .haveAll).reason(of: twice) == .fault(.outOfTurn(id: 14)))
    let none = try bench.connect(3)
    bench.from(none, .have(piece: 0))
    #expect(bench.from(none, .haveNone).reason(of: none) == .fault(.outOfTurn(id: 15)))
  }

  @Test("takes a late bitfield for haves, and takes nothing back for it")
  func lateBitfield() throws {
    let torrent = try TestTorrent(pieces: 3)
    let bench = try CoreBench(torrent, have: torrent.none)
    let peer = try bench.connect(1)
    bench.from(peer, [.have(piece: 2), .unchoke])
    let late = bench.from(peer, .bitfield(ByteBuffer(bytes: [0x80])))
    #expect(late.reason(of: peer) == nil)
    bench.exhaust(peer)
    #expect(Set((bench.asked[peer] ?? []).map(\.piece)) == [0, 2])
  }

  @Test("takes a silent peer's blocks back after 20 seconds, and asks it for one at a time")
  func snubs() throws {
    let bench = try leech()
    let (slow, asked) = try bench.connectSeed(1)
    #expect(!asked.isEmpty)
    let early = bench.pass(.seconds(19)).messages(to: slow)
    #expect(!early.contains { if case .cancel = $0 { true } else { false } })
    let late = bench.pass(.seconds(2))
    let cancelled = late.messages(to: slow).compactMap {
      if case .cancel(let block) = $0 { block } else { nil }
    }
    #expect(Set(cancelled) == Set(asked))
    #expect(late.requests(to: slow).count == 1)
    let (quick, _) = try bench.connectSeed(2)
    bench.exhaust(quick)
    #expect(bench.asked[quick]?.isSuperset(of: asked) == true)
    // A block that comes after all ends it.
    #expect(bench.from(slow, torrent.message(late.requests(to: slow)[0])).reason(of: slow) == nil)
  }

  @Test("asks others before those who did not answer, so that the last block comes")
  func lastBlock() throws {
    let torrent = try TestTorrent(pieces: 1)
    let bench = try CoreBench(torrent, have: torrent.none)
    let mutes = [try bench.connectSeed(1), try bench.connectSeed(2)]
    #expect(mutes.allSatisfy { $0.asked == torrent.blocks(of: 0) })
    // A block is asked for twice, and not three times.
    let (honest, asked) = try bench.connectSeed(3)
    #expect(asked.isEmpty)
    #expect(bench.pass(.seconds(21)).requests(to: honest) == torrent.blocks(of: 0))
  }

  @Test("asks others for a block that its peer keeps back for a minute while it sends others")
  func keptBack() throws {
    let bench = try leech()
    let peer = try bench.connect(1)
    var handshake = ExtensionHandshake()
    handshake.requestQueue = 2
    bench.from(peer, .haveAll, handshake.message)
    var asked = bench.from(peer, .unchoke).requests(to: peer)
    let kept = asked.removeFirst()
    var actions: [TorrentAction] = []
    for _ in 0..<13 {
      asked = asked.flatMap { bench.from(peer, torrent.message($0)).requests(to: peer) }
      let passed = bench.pass(.seconds(5))
      asked += passed.requests(to: peer)
      actions += passed
    }
    #expect(actions.messages(to: peer).contains(.cancel(kept)))
    let (other, _) = try bench.connectSeed(2)
    bench.exhaust(other)
    #expect(bench.asked[other]?.contains(kept) == true)
  }

  @Test("blames nobody for silence while the storage is full, and asks for nothing meanwhile")
  func storageFull() throws {
    let bench = try leech()
    let (peer, asked) = try bench.connectSeed(1)
    bench.tell(.storage(.full))
    let during = bench.pass(.seconds(300))
    #expect(during.reason(of: peer) == nil)
    #expect(during.messages(to: peer).allSatisfy { $0 == .keepAlive })
    #expect(bench.from(peer, torrent.message(asked[0])).requests(to: peer).isEmpty)
    let after = bench.tell(.storage(.relieved))
    #expect(after.reason(of: peer) == nil)
    #expect(!bench.pass(.seconds(5)).messages(to: peer).contains { $0 == .cancel(asked[1]) })
  }

  @Test("waits before it asks a peer again that rejects what it lets us ask")
  func rejects() throws {
    let bench = try leech()
    let (peer, first) = try bench.connectSeed(1)
    var asked = first
    var total = 0
    for _ in 0..<60 {
      total += asked.count
      let answer = bench.from(peer, asked.map { .reject($0) })
      #expect(answer.requests(to: peer).isEmpty)
      asked = bench.pass(.seconds(1)).requests(to: peer)
    }
    #expect(total < 10 * first.count)
    #expect(total > first.count)
  }

  @Test("has the other asked when a block comes twice, and cancels it")
  func endGame() throws {
    let small = try TestTorrent(pieces: 2)
    let bench = try CoreBench(small, have: small.none)
    let (first, asked) = try bench.connectSeed(1)
    #expect(asked.count == 3)
    let (second, again) = try bench.connectSeed(2)
    let twice = try #require(again.first)
    #expect(again.count == 1)
    let actions = bench.from(second, small.message(twice))
    #expect(actions.messages(to: first).contains(.cancel(twice)))
    #expect(actions.stored == [twice])
    let duplicate = bench.from(first, small.message(twice))
    #expect(duplicate.stored.isEmpty)
    #expect(duplicate.reason(of: first) == nil)
    #expect(bench.core.statistics(at: bench.now).wasted == Int64(twice.length))
  }

  @Test("tells each peer only of pieces that it lacks, in one batch")
  func haves() throws {
    let bench = try leech()
    let (seed, _) = try bench.connectSeed(1)
    let leecher = try bench.connectLeech(2)
    bench.from(leecher, .have(piece: 1))
    for piece in 0..<3 {
      bench.core.handle(.storage(.pieceVerified(piece)), at: bench.now)
    }
    let actions = bench.take()
    func haves(to peer: PeerHandle) -> [Int] {
      actions.messages(to: peer).compactMap { if case .have(let piece) = $0 { piece } else { nil } }
    }
    #expect(haves(to: leecher) == [0, 2])
    #expect(haves(to: seed).isEmpty)
  }

  @Test("loses interest when a peer has nothing more to give, and gains it again")
  func interest() throws {
    let bench = try leech()
    let peer = try bench.connect(1)
    bench.from(peer, .have(piece: 3))
    #expect(bench.tell(.storage(.pieceVerified(3))).messages(to: peer).contains(.notInterested))
    #expect(bench.from(peer, .have(piece: 4)).messages(to: peer) == [.interested])
    let lost = DontHave(piece: 4).message(id: ExtensionHandshake.LocalID.dontHave)
    #expect(bench.from(peer, lost).messages(to: peer) == [.notInterested])
  }

  @Test("fetches only what is wanted, and is complete with it")
  func priorities() throws {
    let bench = try leech()
    let (peer, _) = try bench.connectSeed(1)
    var priorities = [UInt8](repeating: 0, count: 40)
    priorities[5] = 4
    bench.core.setPriorities(priorities, at: bench.now)
    bench.from(peer, torrent.blocks(of: 5).map { torrent.message($0) })
    var actions = bench.tell(.storage(.pieceVerified(5)))
    #expect(actions.completions == 1)
    #expect(bench.core.statistics(at: bench.now).bytesDone == 32_768)
    priorities[6] = 4
    bench.core.setPriorities(priorities, at: bench.now)
    bench.core.setPriorities(priorities, at: bench.now)
    actions = bench.take()
    #expect(actions.completions == 0)
    #expect(bench.tell(.storage(.pieceVerified(6))).completions == 1)
  }

  @Test("asks no faster than its limits allow")
  func limited() throws {
    let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    let limit = RateLimiter(rate: 64 << 10, at: start)
    let bench = try CoreBench(torrent, have: torrent.none, downloadLimits: [limit])
    let (peer, first) = try bench.connectSeed(1)
    var asked = first
    for _ in 0..<8 {
      let more = bench.pass(.milliseconds(500)).requests(to: peer)
      bench.from(peer, asked.map { torrent.message($0) })
      asked = more
    }
    let total = bench.core.statistics(at: bench.now).downloaded
    #expect((8 * 16_384...5 * (64 << 10)).contains(Int(total)))
  }
}
