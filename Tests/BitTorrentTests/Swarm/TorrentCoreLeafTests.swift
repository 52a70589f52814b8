internal import BitTorrent
internal import Crypto
internal import Metainfo
internal import NIOCore
internal import Testing

@Suite("Leaves, for a strategy that wants blocks judged one by one")
struct TorrentCoreLeafTests {
  private let torrent: TestTorrent
  private let strategy = ScriptedStrategy()
  private let bench: CoreBench

  init() throws {
    torrent = try TestTorrent(.v2, pieces: 1, pieceLength: 65_536, tail: 60_000)
    bench = try CoreBench(torrent, have: torrent.none, strategy: strategy)
  }

  /// A seed that is asked for leaves, and what it is sent first.
  private func seed(_ host: UInt8, isV2: Bool = true) throws -> (PeerHandle, [PeerMessage]) {
    let peer = try bench.connect(host, isV2: isV2)
    strategy.leafGivers.insert(peer)
    bench.from(peer, .haveAll)
    return (peer, bench.from(peer, .unchoke).messages(to: peer))
  }

  private func hashRequest(in messages: [PeerMessage]) -> HashRequest? {
    messages.compactMap { if case .hashRequest(let request) = $0 { request } else { nil } }.first
  }

  private var leaves: [UInt8] {
    torrent.blocks(of: 0).flatMap { Array(SHA256.hash(data: [UInt8](buffer: torrent.bytes($0)))) }
  }

  private func tellLeaves(_ peer: PeerHandle, _ request: HashRequest) -> [TorrentAction] {
    bench.from(peer, .hashes(request, ByteBuffer(bytes: leaves)))
  }

  private var verdicts: [TransferEvent] {
    strategy.events.filter {
      switch $0 {
      case .verified, .failed: true
      default: false
      }
    }
  }

  @Test("are asked for before the blocks, once, of peers that speak v2")
  func asked() throws {
    let (peer, sent) = try seed(1)
    let request = try #require(hashRequest(in: sent))
    #expect(request.baseLayer == 0 && request.index == 0 && request.length == 4)
    #expect(request.proofLayers == 0)
    let first = try #require(sent.firstIndex(of: .request(torrent.blocks(of: 0)[0])))
    #expect(try #require(sent.firstIndex(of: .hashRequest(request))) < first)
    #expect(sent.count { if case .hashRequest = $0 { true } else { false } } == 1)
    let actions = tellLeaves(peer, request)
    #expect(
      actions.contains {
        if case .leavesArrived(piece: 0, let hashes) = $0 { hashes == leaves } else { false }
      })
    #expect(actions.reason(of: peer) == nil)

    let old = try CoreBench(torrent, have: torrent.none, strategy: strategy)
    let stranger = try old.connect(1)
    strategy.leafGivers = [stranger]
    old.from(stranger, .haveAll)
    let messages = old.from(stranger, .unchoke).messages(to: stranger)
    #expect(hashRequest(in: messages) == nil)
    #expect(messages.contains(.request(torrent.blocks(of: 0)[0])))
  }

  @Test("that do not lead to the piece's root end the connection")
  func junk() throws {
    let (peer, sent) = try seed(1)
    let request = try #require(hashRequest(in: sent))
    let actions = bench.from(peer, .hashes(request, ByteBuffer(repeating: 7, count: 128)))
    #expect(actions.reason(of: peer) == .fault(.badHashes))
    let (_, others) = try seed(2)
    #expect(others.contains(.request(torrent.blocks(of: 0)[0])))
    #expect(hashRequest(in: others) == request)
  }

  private func asked(for request: HashRequest, in actions: [TorrentAction]) -> [PeerHandle] {
    actions.compactMap {
      if case .send(let peer, .hashRequest(request)) = $0 { peer } else { nil }
    }
  }

  @Test("that one refuses or does not send are asked of others, of four in all")
  func askedOfOthers() throws {
    let (first, sent) = try seed(1)
    let request = try #require(hashRequest(in: sent))
    let others = try [UInt8](2...6).map { try seed($0) }
    #expect(others.allSatisfy { hashRequest(in: $0.1) == nil })
    let peers = others.map(\.0)
    #expect(asked(for: request, in: bench.from(first, .hashReject(request))) == [peers[0]])
    #expect(strategy.comingLeaves == [0: true])
    // One is silent: who trades by leaves goes on without them, and the next one is asked.
    #expect(asked(for: request, in: bench.pass(.seconds(3))) == [peers[1]])
    #expect(strategy.comingLeaves == [0: false])
    #expect(asked(for: request, in: bench.tell(.peerClosed(peers[1]))) == [peers[2]])
    #expect(asked(for: request, in: bench.from(peers[2], .hashReject(request))).isEmpty)
    #expect(asked(for: request, in: bench.pass(.seconds(10))).isEmpty)
    // What comes late is as good.
    let actions = tellLeaves(peers[0], request)
    #expect(actions.contains { if case .leavesArrived = $0 { true } else { false } })
    #expect(actions.reason(of: peers[0]) == nil && strategy.comingLeaves == [0: true])
    bench.tell(.storage(.pieceVerified(0)))
    #expect(strategy.comingLeaves == [0: false])
  }

  @Test("of pieces that are over are asked of nobody")
  func answeredAfterTheEnd() throws {
    let (first, sent) = try seed(1)
    let request = try #require(hashRequest(in: sent))
    let (second, _) = try seed(2)
    strategy.kept = [first, second]
    bench.exhaust(first)
    bench.tell(.storage(.pieceVerified(0)))
    #expect(asked(for: request, in: bench.from(first, .hashReject(request))).isEmpty)
    #expect(asked(for: request, in: bench.pass(.seconds(5))).isEmpty)
  }

  @Test(
    "tell of a block that came again whether it is right, before its piece is and after",
    arguments: [true, false], [true, false])
  func copies(isRight: Bool, comesFirst: Bool) throws {
    let (first, _) = try seed(1)
    let (second, _) = try seed(2)
    strategy.kept = [first, second]
    let block = try #require(bench.asked[second]?.min { $0.offset < $1.offset })
    let digests = torrent.blocks(of: 0).map { block in
      torrent.bytes(block).withUnsafeReadableBytes { BlockDigest(hashing: $0) }
    }
    let copy = PeerMessage.piece(
      piece: 0, offset: block.offset,
      data: isRight ? torrent.bytes(block) : ByteBuffer(repeating: 7, count: block.length))
    bench.exhaust(first)
    if comesFirst { bench.from(second, copy) }
    let ending = bench.tell(.storage(.pieceDigests(0, digests)))
    bench.tell(.storage(.pieceVerified(0)))
    let actions = comesFirst ? ending : bench.from(second, copy)
    let told = strategy.events.filter {
      switch $0 {
      case .copied, .failed: true
      default: false
      }
    }
    let expected: TransferEvent =
      isRight
      ? .copied(block, from: second)
      : .failed(piece: 0, bytes: block.length, from: second, isProven: true)
    #expect(told == [expected])
    #expect(actions.reason(of: second) == (isRight ? nil : .fault(.badData(piece: 0))))
    #expect(strategy.events.contains(.duplicate(block, from: second)))
  }

  @Test("that disagree with the v1 hashes are nobody's fault, and end the asking")
  func contradiction() throws {
    let hybrid = try TestTorrent(.hybrid, pieces: 2)
    let bench = try CoreBench(hybrid, have: hybrid.none, strategy: strategy)
    let (peer, asked) = try bench.connectSeed(1)
    let blocks = hybrid.blocks(of: 0)
    #expect(Set(blocks).isSubset(of: asked))
    bench.from(peer, blocks.map { hybrid.message($0) })
    let actions = bench.tell(.storage(.pieceContradicts(0)))
    #expect(actions.reason(of: peer) == nil && actions.messages(to: peer).contains(.notInterested))
    #expect(verdicts == [.failed(piece: 0, bytes: 32_768, from: peer, isProven: false)])
    let later = bench.pass(.seconds(90))
    #expect(later.requests(to: peer).isEmpty && later.completions == 0)
    #expect(bench.core.statistics(at: bench.now).banned == 0)
    #expect(try bench.connectSeed(2).asked.isEmpty)
    // Who buys for it is told that there is nothing more to buy.
    #expect(strategy.figures?.isComplete == true)
  }

  @Test("that a peer will not give leave the piece to be judged as a whole")
  func rejected() throws {
    let (peer, sent) = try seed(1)
    let request = try #require(hashRequest(in: sent))
    let actions = bench.from(peer, .hashReject(request))
    #expect(actions.reason(of: peer) == nil && hashRequest(in: actions.messages(to: peer)) == nil)
    bench.exhaust(peer)
    bench.tell(.storage(.pieceVerified(0)))
    #expect(verdicts == [.verified(piece: 0, bytes: 60_000, from: peer)])
  }

  @Test("tell each block once, and the whole piece no byte again")
  func once() throws {
    let (peer, sent) = try seed(1)
    let request = try #require(hashRequest(in: sent))
    _ = tellLeaves(peer, request)
    bench.exhaust(peer)
    bench.tell(.storage(.blocksJudged(0, right: [1, 3], wrong: [])))
    #expect(
      verdicts == [
        .verified(piece: 0, bytes: 16_384, from: peer),
        .verified(piece: 0, bytes: 60_000 - 3 * 16_384, from: peer),
      ])
    bench.tell(.storage(.blocksJudged(0, right: [1], wrong: [])))
    bench.tell(.storage(.pieceVerified(0)))
    #expect(
      verdicts.dropFirst(2) == [
        .verified(piece: 0, bytes: 16_384, from: peer),
        .verified(piece: 0, bytes: 16_384, from: peer),
      ])
  }

  @Test("that are wrong are held against their sender alone, and only they are fetched again")
  func blame() throws {
    let (honest, sent) = try seed(1)
    let request = try #require(hashRequest(in: sent))
    _ = tellLeaves(honest, request)
    let blocks = torrent.blocks(of: 0)
    let gone = bench.asked[honest]?.contains(blocks[2]) == true
    #expect(gone)
    bench.from(honest, [0, 1, 3].map { torrent.message(blocks[$0]) })
    let (liar, asked) = try seed(2)
    #expect(asked.contains(.request(blocks[2])))
    bench.from(liar, torrent.message(blocks[2]))
    let actions = bench.tell(.storage(.blocksJudged(0, right: [0, 1, 3], wrong: [2])))
    #expect(actions.reason(of: liar) == .fault(.badData(piece: 0)))
    #expect(actions.reason(of: honest) == nil)
    #expect(actions.requests(to: honest) == [blocks[2]])
    #expect(
      verdicts.filter { if case .failed = $0 { true } else { false } } == [
        .failed(piece: 0, bytes: 16_384, from: liar, isProven: true)
      ])
    bench.from(honest, torrent.message(blocks[2]))
    bench.tell(.storage(.blocksJudged(0, right: [2], wrong: [])))
    bench.tell(.storage(.pieceVerified(0)))
    let verified = verdicts.reduce(0) {
      if case .verified(_, let bytes, honest) = $1 { $0 + bytes } else { $0 }
    }
    #expect(verified == 60_000)
  }

  @Test("leave no doubt who sent a wrong piece, where one peer sent it all")
  func proven() throws {
    let alone = try TestTorrent(pieces: 1, pieceLength: 65_536, tail: 60_000)
    let bench = try CoreBench(alone, have: alone.none, strategy: strategy)
    let (peer, asked) = try bench.connectSeed(1)
    let digest = [UInt8](repeating: 0, count: 1).withUnsafeBytes { BlockDigest(hashing: $0) }
    let digests = [BlockDigest](repeating: digest, count: 4)
    bench.from(peer, asked.map { alone.message($0) })
    bench.tell(.storage(.pieceFailed(0, digests: digests, badBlocks: [])))
    #expect(verdicts == [.failed(piece: 0, bytes: 60_000, from: peer, isProven: true)])

    let shared = try CoreBench(alone, have: alone.none, strategy: strategy)
    let (first, all) = try shared.connectSeed(1)
    shared.from(first, all[..<3].map { alone.message($0) })
    let (second, rest) = try shared.connectSeed(2)
    shared.from(second, rest.map { alone.message($0) })
    shared.tell(.storage(.pieceFailed(0, digests: digests, badBlocks: [])))
    #expect(
      Set(verdicts.dropFirst()) == [
        .failed(piece: 0, bytes: 3 * 16_384, from: first, isProven: false),
        .failed(piece: 0, bytes: 60_000 - 3 * 16_384, from: second, isProven: false),
      ])
  }

  // MARK: Requests that die

  private var cancelled: [BlockRequest] {
    strategy.events.compactMap { if case .cancelled(let block, _) = $0 { block } else { nil } }
  }

  @Test("a strategy hears of requests that fall by a choke, each once")
  func choked() throws {
    let peer = try bench.connect(1, features: [.extended])
    bench.from(peer, .bitfield(ByteBuffer(bytes: torrent.full.wireBytes)))
    let asked = bench.from(peer, .unchoke).requests(to: peer)
    bench.from(peer, .choke)
    #expect(asked.count == 4 && cancelled.count == 4 && Set(cancelled) == Set(asked))
  }

  @Test("a strategy hears of requests that are rejected")
  func refused() throws {
    let (peer, asked) = try bench.connectSeed(1)
    // With the fast extension it is the rejects that end them, not the choke.
    bench.from(peer, .choke)
    #expect(cancelled.isEmpty)
    bench.from(peer, .reject(asked[0]), .reject(asked[2]))
    #expect(cancelled == [asked[0], asked[2]])
  }

  @Test("a strategy hears of requests that are too late, each once")
  func late() throws {
    let (peer, asked) = try bench.connectSeed(1)
    bench.pass(.seconds(90))
    let first = Set(cancelled)
    #expect(first == Set(asked))
    let requests = strategy.events.count {
      if case .requested(_, of: peer) = $0 { true } else { false }
    }
    // What is asked again may be given up again, but nothing that was not asked.
    #expect(cancelled.count <= requests)
  }
}
