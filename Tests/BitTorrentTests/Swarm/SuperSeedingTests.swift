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

  func bitfield(_ pieces: some Sequence<Int>) -> PeerMessage {
    var bits = torrent.none
    for piece in pieces { bits.insert(piece) }
    return .bitfield(ByteBuffer(bytes: bits.wireBytes))
  }

  @Test("is not brought to a stop by a peer that claims all pieces but one")
  func claims() throws {
    let bench = try seed()
    let liar = try bench.connect(9)
    bench.from(liar, bitfield(0..<15), .interested)
    let (first, _, pieces) = try leech(bench, 1)
    var (known, taken) = (Set(pieces), Set<Int>())
    // With the last one it would be a seed, and be let go.
    while taken.count < 15, let piece = known.subtracting(taken).max() {
      taken.insert(piece)
      known.formUnion(shown(bench.from(first, .have(piece: piece)), first))
    }
    #expect(known.count == 16)

    // What went out already is left to others, but not for half a minute a piece.
    let (second, _, none) = try leech(bench, 2)
    #expect(none.isEmpty)
    #expect(shown(bench.pass(.seconds(29)), second).isEmpty)
    #expect(shown(bench.pass(.seconds(20)), second).count > 8)
  }

  @Test("waits until a peer has said what it has, and shows it only what it lacks")
  func resuming() throws {
    let bench = try seed()
    let peer = try bench.connect(1)
    #expect(shown(bench.pass(.seconds(1)), peer).isEmpty)
    let pieces = shown(bench.from(peer, bitfield(0..<14), .interested), peer)
    #expect(Set(pieces) == [14, 15])
  }

  @Test("does not wait for what a peer proves to have had already")
  func hadAlready() throws {
    let bench = try seed()
    // Without the fast extension a peer that has nothing says nothing.
    let peer = try bench.connect(1, features: [])
    let early = shown(bench.pass(.seconds(1)), peer)
    #expect(early.count == 2)
    let later = shown(bench.from(peer, bitfield(early), .interested), peer)
    #expect(later.count == 2 && Set(later).isDisjoint(with: early))
  }

  @Test("ends when something is wanted again: connected peers are told of all pieces")
  func ending() throws {
    var have = torrent.full
    have.remove(15)
    let bench = try CoreBench(torrent, have: have) { $0.superSeeding = true }
    let unwanted = [UInt8](repeating: 4, count: 15) + [0]
    bench.core.setPriorities(unwanted, at: bench.now)
    let (peer, told, pieces) = try leech(bench, 1)
    #expect(told.contains(.haveNone) && pieces.count == 2)
    bench.core.setPriorities([UInt8](repeating: 4, count: 16), at: bench.now)
    #expect(Set(shown(bench.take(), peer)) == Set(0..<15).subtracting(pieces))
    let hidden = try #require((0..<15).first { !pieces.contains($0) })
    let block = torrent.blocks(of: hidden)[0]
    #expect(bench.from(peer, .request(block)).rejects(to: peer).isEmpty)
  }

  @Test("holds for peers that came before the files were open")
  func early() throws {
    let bench = try CoreBench(torrent, have: nil) { $0.superSeeding = true }
    let (peer, silent) = (try bench.connectLeech(1), try bench.connect(2))
    let actions = bench.tell(
      .ready(torrent.info, torrent.layers, have: torrent.full, blocks: [:]))
    let pieces = shown(actions, peer)
    #expect(pieces.count == 2)
    #expect(shown(actions, silent).isEmpty)
    let hidden = try #require((0..<16).first { !pieces.contains($0) })
    let block = torrent.blocks(of: hidden)[0]
    #expect(bench.from(peer, .request(block)).rejects(to: peer) == [block])
    #expect(shown(bench.from(silent, .haveNone), silent).count == 2)
  }
}
