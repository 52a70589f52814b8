internal import BitTorrent
internal import Metainfo
internal import NIOCore
internal import Testing

@Suite("Super seeding")
struct SuperSeedingTests {
  let torrent: TestTorrent
  init() throws { torrent = try TestTorrent(pieces: 16) }

  func seed() throws -> CoreBench {
    try CoreBench(torrent, have: torrent.full) { $0.superSeeding = true }
  }

  func shown(_ actions: [TorrentAction], _ peer: PeerHandle) -> [Int] {
    actions.messages(to: peer).compactMap { if case .have(let piece) = $0 { piece } else { nil } }
  }

  /// A peer without pieces connects; with what it was told of ours.
  func leech(
    _ bench: CoreBench, _ host: UInt8
  ) throws -> (peer: PeerHandle, told: [PeerMessage], shown: [Int]) {
    let peer = bench.handle()
    let actions =
      bench.tell(.peerConnected(peer, try bench.introduction(host: host)))
      + bench.from(peer, .haveNone, .interested)
    return (peer, actions.messages(to: peer), shown(actions, peer))
  }

  @Test("says that it has nothing, and shows each peer two pieces that no other was shown")
  func beginning() throws {
    let bench = try seed()
    let (first, second) = (try leech(bench, 1), try leech(bench, 2))
    for peer in [first, second] {
      #expect(peer.told.contains(.haveNone) && !peer.told.contains(.haveAll))
      #expect(peer.shown.count == 2)
      for case .extended(0, let payload) in peer.told {
        #expect(try ExtensionHandshake(payload).uploadOnly == nil)
      }
    }
    #expect(Set(first.shown + second.shown).count == 4)
  }

  @Test("serves what it showed, and refuses what it did not")
  func serving() throws {
    let bench = try seed()
    let (peer, _, shown) = try leech(bench, 1)
    let hidden = try #require((0..<16).first { !shown.contains($0) })
    let (open, closed) = (torrent.blocks(of: shown[0])[0], torrent.blocks(of: hidden)[0])
    let actions = bench.from(peer, .request(open), .request(closed))
    #expect(actions.uploads(to: peer) == [open])
    #expect(actions.rejects(to: peer) == [closed])
  }

  @Test("shows the next piece when another peer has the one before")
  func spreading() throws {
    let bench = try seed()
    let (first, second) = (try leech(bench, 1), try leech(bench, 2))
    let piece = first.shown[0]
    #expect(shown(bench.from(first.peer, .have(piece: piece)), first.peer).isEmpty)
    let actions = bench.from(second.peer, .have(piece: piece))
    #expect(shown(actions, first.peer).count == 1)
    #expect(shown(actions, second.peer).isEmpty)
  }

  @Test("shows a peer that is alone the next piece when it has one")
  func alone() throws {
    let bench = try seed()
    let (peer, _, pieces) = try leech(bench, 1)
    var known = Set(pieces)
    var taken: Set<Int> = []
    while let piece = known.subtracting(taken).min() {
      taken.insert(piece)
      known.formUnion(shown(bench.from(peer, .have(piece: piece)), peer))
    }
    #expect(taken.count == 16)
  }

  @Test("does not wait for ever for a peer that keeps what it has")
  func selfish() throws {
    let bench = try seed()
    let (first, _) = (try leech(bench, 1), try leech(bench, 2))
    bench.from(first.peer, .have(piece: first.shown[0]))
    #expect(shown(bench.pass(.seconds(29)), first.peer).isEmpty)
    #expect(shown(bench.pass(.seconds(2)), first.peer).count == 1)
  }

  @Test(
    "sends little more than one copy for all to have everything",
    arguments: 1...3 as ClosedRange<UInt64>)
  func swarm(_ seed: UInt64) throws {
    let swarm = VirtualSwarm(try TestTorrent(pieces: 64, seed: seed), seed: seed)
    let source = swarm.add(.everything) { $0.superSeeding = true }
    let others = (0..<4).map { _ in swarm.add(.nothing) }
    swarm.run(for: .seconds(300)) { others.allSatisfy { $0.completedAt != nil } }
    for peer in others {
      #expect(try #require(peer.storage).contents == swarm.torrent.payload, "seed \(seed)")
    }
    let sent = Int(source.core.statistics(at: swarm.now).uploaded)
    #expect(sent < swarm.torrent.payload.count * 3 / 2, "seed \(seed), sent \(sent)")
  }
}
