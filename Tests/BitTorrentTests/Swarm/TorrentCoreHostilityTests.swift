internal import BitTorrent
internal import Metainfo
internal import NIOCore
internal import Primitives
internal import TestSupport
internal import Testing

@Suite("A torrent's core among hostile peers")
struct TorrentCoreHostilityTests {
  /// Values that a decoder could give, and some that it could not.
  func number(_ limit: Int, _ random: inout SeededGenerator) -> Int {
    switch Int.random(in: 0..<10, using: &random) {
    case 0: [-1, .min, .max, Int(UInt32.max), 0, limit].randomElement(using: &random) ?? 0
    default: Int.random(in: 0..<max(limit, 1), using: &random)
    }
  }

  func block(_ torrent: TestTorrent, _ random: inout SeededGenerator) -> BlockRequest {
    BlockRequest(
      piece: number(torrent.pieceCount, &random), offset: number(3, &random) &* 16_384,
      length: Bool.random(using: &random) ? 16_384 : number(16_384, &random))
  }

  func message(_ torrent: TestTorrent, _ random: inout SeededGenerator) -> PeerMessage {
    let hashes = HashRequest(
      piecesRoot: torrent.info.files[0].piecesRoot ?? .zero, baseLayer: number(3, &random),
      index: number(8, &random), length: number(9, &random), proofLayers: number(4, &random))
    let junk = ByteBuffer(bytes: random.bytes(Int.random(in: 0...600, using: &random)))
    switch Int.random(in: 0..<24, using: &random) {
    case 0: return .choke
    case 1, 2: return .unchoke
    case 3, 4: return .interested
    case 5: return .notInterested
    case 6, 7: return .have(piece: number(torrent.pieceCount, &random))
    case 8: return .bitfield(ByteBuffer(bytes: torrent.full.wireBytes))
    case 9: return .bitfield(junk)
    case 10, 11: return .request(block(torrent, &random))
    case 12:
      let block = block(torrent, &random)
      return .piece(piece: block.piece, offset: block.offset, data: junk)
    case 13: return .cancel(block(torrent, &random))
    case 14: return .suggest(piece: number(torrent.pieceCount, &random))
    case 15: return .haveAll
    case 16: return .haveNone
    case 17: return .reject(block(torrent, &random))
    case 18: return .allowedFast(piece: number(torrent.pieceCount, &random))
    case 19: return .hashRequest(hashes)
    case 20: return Bool.random(using: &random) ? .hashes(hashes, junk) : .hashReject(hashes)
    case 21:
      var handshake = ExtensionHandshake()
      handshake.extensions = [
        ExtensionHandshake.Name.metadata: UInt8.random(in: 0...3, using: &random)
      ]
      handshake.metadataSize = number(1 << 22, &random)
      handshake.requestQueue = number(1_000, &random)
      handshake.port = UInt16.random(in: 0...(.max), using: &random)
      return handshake.message
    case 22:
      let piece = Int.random(in: 0..<300, using: &random)
      let metadata: MetadataMessage =
        Bool.random(using: &random)
        ? .request(piece: piece) : .data(piece: piece, totalSize: 20_000, junk)
      return metadata.message(id: ExtensionHandshake.LocalID.metadata)
    default: return .extended(id: UInt8.random(in: 0...40, using: &random), payload: junk)
    }
  }

  @Test("no sequence of messages and events stops it, or makes it keep more than its bounds")
  func randomSequences() throws {
    var random = SeededGenerator()
    for _ in 0..<60 {
      let torrent = try TestTorrent(
        Bool.random(using: &random) ? .v1 : .v2, pieces: Int.random(in: 1...20, using: &random),
        seed: random.next())
      var have = torrent.none
      for piece in 0..<torrent.pieceCount where Bool.random(using: &random) { have[piece] = true }
      let isMagnet = Bool.random(using: &random)
      let bench = try CoreBench(
        torrent, have: isMagnet ? nil : have, layers: PieceLayers(), seed: random.next()
      ) {
        $0.requestQueueLimit = 40
        $0.maximumConnections = 6
      }
      try harass(bench, torrent, &random)
    }
  }

  func harass(
    _ bench: CoreBench, _ torrent: TestTorrent, _ random: inout SeededGenerator
  ) throws {
    let seed = random.seed
    var peers: [PeerHandle] = []
    var moving: [(PeerHandle, BlockRequest)] = []
    for _ in 0..<400 {
      var actions: [TorrentAction] = []
      switch Int.random(in: 0..<20, using: &random) {
      case 0, 1:
        let features: PeerFeatures = Bool.random(using: &random) ? [.fast, .extended] : .extended
        peers.append(
          try bench.connect(UInt8.random(in: 1...9, using: &random), features: features, isV2: true)
        )
      case 2:
        if let peer = peers.randomElement(using: &random) {
          actions = bench.tell(.peerClosed(peer))
        }
      case 3: actions = bench.pass(.seconds(Int64.random(in: 1...30, using: &random)))
      case 4:
        let piece = number(torrent.pieceCount, &random)
        let events: [StorageEvent] = [
          .pieceVerified(piece), .pieceFailed(piece, digests: [], badBlocks: [0, 7, -1]),
          .pieceFailed(piece, digests: [], badBlocks: []), .pieceDigests(piece, []), .full,
          .relieved, .relieved, .recovered,
        ]
        if let event = events.randomElement(using: &random) {
          actions = bench.tell(.storage(event))
        }
      case 5:
        actions = bench.tell(
          .ready(torrent.info, PieceLayers(), have: torrent.none, blocks: [:]))
      case 6, 7, 8:
        for (peer, block) in moving {
          actions += bench.tell(
            Bool.random(using: &random) ? .uploaded(peer, block) : .uploadFailed(peer, block))
        }
        moving.removeAll()
      default:
        if let peer = peers.randomElement(using: &random) {
          let count = Int.random(in: 1...60, using: &random)
          let repeated = message(torrent, &random)
          let messages = (0..<count).map { _ in
            Bool.random(using: &random) ? repeated : message(torrent, &random)
          }
          actions = bench.from(peer, messages)
        }
      }
      #expect(actions.count < 20_000, "seed \(seed)")
      for peer in peers { moving += actions.uploads(to: peer).map { (peer, $0) } }
      let statistics = bench.core.statistics(at: bench.now)
      #expect(statistics.connections <= 6, "seed \(seed)")
      #expect(statistics.requestsQueued <= 6 * 8 * 40, "seed \(seed)")
      #expect(statistics.requestsOpen <= 6 * 500, "seed \(seed)")
      #expect(statistics.bytesDone <= statistics.bytesWanted, "seed \(seed)")
    }
  }
}
