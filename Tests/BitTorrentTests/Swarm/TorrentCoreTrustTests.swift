internal import BitTorrent
internal import Metainfo
internal import NIOCore
internal import Primitives
internal import Testing

@Suite("A torrent's core, and whom it believes")
struct TorrentCoreTrustTests {
  typealias LocalID = ExtensionHandshake.LocalID

  func metadataPeer(
    _ host: UInt8, size: Int, of bench: CoreBench
  ) throws -> (peer: PeerHandle, asked: [Int]) {
    let peer = try bench.connect(host)
    var handshake = ExtensionHandshake()
    handshake.extensions = [ExtensionHandshake.Name.metadata: 5]
    handshake.metadataSize = size
    return (peer, asked(bench.from(peer, .haveAll, handshake.message), of: peer))
  }

  func asked(_ actions: [TorrentAction], of peer: PeerHandle) -> [Int] {
    actions.messages(to: peer).compactMap { message in
      guard case .extended(5, let payload) = message,
        case .request(let piece)? = try? MetadataMessage.decode(payload)
      else { return nil }
      return piece
    }
  }

  func data(_ piece: Int, of bytes: [UInt8]) -> PeerMessage {
    let block = bytes[piece * 16_384..<min(bytes.count, (piece + 1) * 16_384)]
    return MetadataMessage.data(
      piece: piece, totalSize: bytes.count, ByteBuffer(bytes: block)
    ).message(id: LocalID.metadata)
  }

  func arrived(_ actions: [TorrentAction]) -> [UInt8]? {
    actions.compactMap { if case .metadataArrived(let bytes) = $0 { bytes } else { nil } }.first
  }

  // MARK: Metadata

  @Test("fetches the metadata without waiting, and shows interest before it is there")
  func metadata() throws {
    let torrent = try TestTorrent(pieces: 2_000, pieceLength: 16_384, tail: 1)
    let bench = try CoreBench(torrent, have: nil)
    let bytes = torrent.info.rawBytes
    #expect(bytes.count > 2 * 16_384)
    let peer = try bench.connect(1)
    #expect(bench.from(peer, .haveAll).messages(to: peer) == [.interested])
    bench.tell(.peerClosed(peer))
    let (first, pieces) = try metadataPeer(2, size: bytes.count, of: bench)
    #expect(pieces == [0, 1, 2])
    let actions = bench.from(first, pieces.map { data($0, of: bytes) })
    #expect(arrived(actions) == bytes)
    let ready = bench.tell(.ready(torrent.info, torrent.layers, have: torrent.none, blocks: [:]))
    #expect(ready.reason(of: first) == nil)
    #expect(!bench.from(first, .unchoke).requests(to: first).isEmpty)
  }

  @Test("has no memory for metadata of a size that nobody would have")
  func metadataBomb() throws {
    let torrent = try TestTorrent()
    let bench = try CoreBench(torrent, have: nil)
    #expect(try metadataPeer(1, size: (4 << 20) + 1, of: bench).asked.isEmpty)
    #expect(try metadataPeer(2, size: .max, of: bench).asked.isEmpty)
    #expect(try metadataPeer(3, size: 4 << 20, of: bench).asked.count == 4)
  }

  @Test("bans a peer that alone gave metadata with the wrong hash, and gets it from another")
  func metadataLiar() throws {
    let torrent = try TestTorrent()
    let bench = try CoreBench(torrent, have: nil)
    let bytes = torrent.info.rawBytes
    let (liar, _) = try metadataPeer(1, size: bytes.count, of: bench)
    let false_ = [UInt8](repeating: 0x61, count: bytes.count)
    let actions = bench.from(liar, data(0, of: false_))
    #expect(actions.reason(of: liar) == .fault(.badMetadata))
    let (honest, pieces) = try metadataPeer(2, size: bytes.count, of: bench)
    #expect(pieces == [0])
    #expect(arrived(bench.from(honest, data(0, of: bytes))) == bytes)
  }

  @Test("after a mixed whole was wrong takes all of it from one peer, so that no liar spoils it")
  func metadataMixed() throws {
    let torrent = try TestTorrent(pieces: 1_500, pieceLength: 16_384, tail: 1)
    let bench = try CoreBench(torrent, have: nil)
    let bytes = torrent.info.rawBytes
    let wrong = [UInt8](repeating: 0x61, count: bytes.count)
    let (honest, pieces) = try metadataPeer(1, size: bytes.count, of: bench)
    #expect(pieces == [0, 1])
    let (liar, _) = try metadataPeer(2, size: bytes.count, of: bench)
    var queue: [TorrentAction] = []
    bench.from(honest, data(0, of: bytes))
    queue = bench.from(liar, data(1, of: wrong))
    #expect(asked(queue, of: honest).isEmpty != asked(queue, of: liar).isEmpty)
    var result: [UInt8]?
    for _ in 0..<20 where result == nil {
      var next: [TorrentAction] = []
      // The liar is quick, and takes care never to have given the whole.
      for piece in asked(queue, of: liar) where piece == 1 {
        next += bench.from(liar, data(piece, of: wrong))
      }
      for piece in asked(queue, of: honest) { next += bench.from(honest, data(piece, of: bytes)) }
      result = arrived(next)
      queue = next + bench.pass(.seconds(1))
    }
    #expect(result == bytes)
  }

  @Test("asks others when a peer rejects or does not answer")
  func metadataRejected() throws {
    let torrent = try TestTorrent()
    let bench = try CoreBench(torrent, have: nil)
    let bytes = torrent.info.rawBytes
    let (refusing, _) = try metadataPeer(1, size: bytes.count, of: bench)
    let reject = MetadataMessage.reject(piece: 0).message(id: LocalID.metadata)
    #expect(asked(bench.from(refusing, reject), of: refusing).isEmpty)
    let (silent, first) = try metadataPeer(2, size: bytes.count, of: bench)
    #expect(first == [0])
    #expect(asked(bench.pass(.seconds(60)), of: silent).count < 8)
    let (honest, pieces) = try metadataPeer(3, size: bytes.count, of: bench)
    #expect(pieces == [0])
    #expect(arrived(bench.from(honest, data(0, of: bytes))) == bytes)
  }

  @Test("closes on metadata that nobody asked for")
  func metadataFlood() throws {
    let torrent = try TestTorrent()
    let bench = try CoreBench(torrent, have: nil)
    let (peer, _) = try metadataPeer(1, size: 100_000, of: bench)
    let junk = data(0, of: [UInt8](repeating: 1, count: 50_000))
    let actions = bench.from(peer, Array(repeating: junk, count: 40))
    #expect(actions.reason(of: peer) == .fault(.badMetadata))
  }

  @Test("serves metadata, a bounded number of times a minute")
  func servesMetadata() throws {
    let torrent = try TestTorrent()
    let bench = try CoreBench(torrent, have: torrent.full)
    let (peer, _) = try metadataPeer(1, size: 1, of: bench)
    _ = peer
    let leech = try bench.connect(2)
    var handshake = ExtensionHandshake()
    handshake.extensions = [ExtensionHandshake.Name.metadata: 5]
    bench.from(leech, .haveNone, handshake.message)
    let request = MetadataMessage.request(piece: 0).message(id: LocalID.metadata)
    let expected = MetadataMessage.data(
      piece: 0, totalSize: torrent.info.rawBytes.count, ByteBuffer(bytes: torrent.info.rawBytes))
    #expect(bench.from(leech, request).messages(to: leech) == [expected.message(id: 5)])
    let beyond = MetadataMessage.request(piece: 1).message(id: LocalID.metadata)
    let refusal = MetadataMessage.reject(piece: 1).message(id: 5)
    #expect(bench.from(leech, beyond).messages(to: leech) == [refusal])
    let flood = bench.from(leech, Array(repeating: request, count: 100)).messages(to: leech)
    #expect(flood.count { $0 == expected.message(id: 5) } == 3)
    #expect(
      bench.from(leech, Array(repeating: request, count: 3_000)).reason(of: leech)
        == .fault(.flood))
  }

  @Test("bounds what it keeps of peers' pieces while their number is unknown")
  func unknownPieces() throws {
    let torrent = try TestTorrent()
    let bench = try CoreBench(torrent, have: nil) { $0.maximumUnknownBytes = 600_000 }
    let greatest = PeerMessage.have(piece: 2_097_151)
    let first = try bench.connect(1)
    let second = try bench.connect(2)
    let third = try bench.connect(3)
    #expect(bench.from(first, greatest).reason(of: first) == nil)
    #expect(bench.from(second, greatest).reason(of: second) == nil)
    #expect(bench.from(third, greatest).reason(of: third) == .noRoom)
    #expect(
      bench.from(first, .have(piece: 2_097_152)).reason(of: first)
        == .fault(.noSuchPiece(2_097_152)))
  }

  @Test("understands, once the info is known, what peers said before, and closes on nonsense")
  func understands() throws {
    let torrent = try TestTorrent(pieces: 12)
    let bench = try CoreBench(torrent, have: nil)
    let all = try bench.connect(1)
    let some = try bench.connect(2)
    let long = try bench.connect(3)
    let beyond = try bench.connect(4)
    let none = try bench.connect(5)
    bench.from(all, .haveAll)
    bench.from(some, .bitfield(ByteBuffer(bytes: [0x80, 0])), .have(piece: 11))
    bench.from(long, .bitfield(ByteBuffer(bytes: [0x80, 0, 0])))
    bench.from(beyond, .have(piece: 12))
    bench.from(none, .haveNone)
    let actions = bench.tell(
      .ready(torrent.info, torrent.layers, have: torrent.none, blocks: [:]))
    #expect(actions.reason(of: long) == .fault(.invalidBitfield))
    #expect(actions.reason(of: beyond) == .fault(.invalidBitfield))
    #expect(bench.core.statistics(at: bench.now).seeds == 1)
    let asked = Set(bench.from(some, .unchoke).requests(to: some).map(\.piece))
    #expect(asked == [0, 11])
    #expect(bench.from(none, .unchoke).requests(to: none).isEmpty)
  }

  // MARK: Data

  @Test("bans who sent all of a piece that is wrong")
  func poisonAlone() throws {
    let torrent = try TestTorrent(pieces: 4)
    let bench = try CoreBench(torrent, have: torrent.none)
    let (peer, asked) = try bench.connectSeed(1)
    bench.from(peer, asked.map { torrent.message($0) })
    let digests = [UInt8](repeating: 0, count: 1).withUnsafeBytes { BlockDigest(hashing: $0) }
    let actions = bench.tell(
      .storage(.pieceFailed(1, digests: [digests, digests], badBlocks: [])))
    #expect(actions.reason(of: peer) == .fault(.badData(piece: 1)))
    #expect(bench.core.statistics(at: bench.now).failed == 32_768)
    let again = bench.handle()
    #expect(
      bench.tell(.peerConnected(again, try bench.introduction(host: 1, port: 77)))
        .reason(of: again) == .banned)
  }

  @Test("bans a v2 liar by its block, and nobody else")
  func poisonByBlock() throws {
    let torrent = try TestTorrent(.v2, pieces: 1, pieceLength: 65_536, tail: 65_536)
    let bench = try CoreBench(torrent, have: torrent.none)
    let (first, asked) = try bench.connectSeed(1)
    #expect(asked.count == 4)
    bench.from(first, asked[..<3].map { torrent.message($0) })
    let (second, duplicate) = try bench.connectSeed(2)
    #expect(duplicate == [asked[3]])
    bench.from(second, torrent.message(asked[3]))
    let index = asked[3].offset / 16_384
    let actions = bench.tell(.storage(.pieceFailed(0, digests: [], badBlocks: [index])))
    #expect(actions.reason(of: second) == .fault(.badData(piece: 0)))
    #expect(actions.reason(of: first) == nil)
    #expect(Set(actions.requests(to: first)) == Set(asked))
  }

  @Test("blames nobody for a piece that the disk lost, and fetches it again")
  func lostByDisk() throws {
    let torrent = try TestTorrent(pieces: 1, tail: 32_768)
    let bench = try CoreBench(torrent, have: torrent.none)
    let (peer, asked) = try bench.connectSeed(1)
    bench.from(peer, asked.map { torrent.message($0) })
    let actions = bench.tell(.storage(.pieceFailed(0, digests: [], badBlocks: [])))
    #expect(actions.reason(of: peer) == nil)
    #expect(Set(actions.requests(to: peer)) == Set(asked))
    #expect(bench.core.statistics(at: bench.now).failed == 0)
  }

  @Test("lets who is on parole join in after all when the others keep the last piece")
  func parole() throws {
    let torrent = try TestTorrent(pieces: 1, tail: 32_768)
    let bench = try CoreBench(torrent, have: torrent.none)
    let blocks = torrent.blocks(of: 0)
    let (liar, _) = try bench.connectSeed(1)
    let (honest, twice) = try bench.connectSeed(2)
    let other = try #require(blocks.first { $0 != twice.first })
    bench.from(liar, torrent.message(other))
    bench.from(honest, twice.map { torrent.message($0) })
    let digest = [UInt8](repeating: 0, count: 1).withUnsafeBytes { BlockDigest(hashing: $0) }
    bench.tell(.storage(.pieceFailed(0, digests: [digest, digest], badBlocks: [])))
    // Both are on parole: one begins the piece for itself, and leaves.
    bench.tell(.peerClosed(liar))
    // The other gives a block of it, and refuses the rest.
    bench.from(honest, torrent.message(blocks[0]), .reject(blocks[1]))
    let (mute, asked) = try bench.connectSeed(3)
    #expect(asked == [blocks[1]])
    #expect(!bench.pass(.seconds(10)).requests(to: honest).contains(blocks[1]))
    let late = bench.pass(.seconds(15))
    #expect(late.requests(to: honest).contains(blocks[1]))
    #expect(late.reason(of: mute) == nil)
  }

  // MARK: Hashes

  @Test("withholds a v2 torrent's pieces until their hashes are there, and takes only true ones")
  func pieceLayers() throws {
    let torrent = try TestTorrent(.v2, pieces: 5)
    let bench = try CoreBench(torrent, have: torrent.none, layers: PieceLayers())
    let liar = try bench.connect(1, isV2: true)
    let asked = bench.from(liar, .haveAll, .unchoke)
    #expect(asked.requests(to: liar).isEmpty)
    #expect(asked.messages(to: liar).contains(.interested))
    let request = try #require(
      asked.messages(to: liar).compactMap { message -> HashRequest? in
        if case .hashRequest(let request) = message { request } else { nil }
      }.first)
    #expect(request.length == 8 && request.index == 0 && request.baseLayer == 1)
    let junk = ByteBuffer(repeating: 7, count: 8 * 32)
    let refused = bench.from(liar, .hashes(request, junk))
    #expect(refused.reason(of: liar) == .fault(.badHashes))

    let honest = try bench.connect(2, isV2: true)
    let again = bench.from(honest, .haveAll, .unchoke).messages(to: honest)
    #expect(again.contains(.hashRequest(request)))
    let layer = try #require(torrent.layers[request.piecesRoot])
    let tree = try #require(MerkleTree(base: layer, baseLayer: request.baseLayer, width: 8))
    let range = MerkleRange(
      baseLayer: request.baseLayer, index: request.index, length: request.length,
      proofLayers: request.proofLayers)
    let proof = try #require(tree.hashes(range))
    let answer = ByteBuffer(bytes: proof)
    let actions = bench.from(honest, .hashes(request, answer))
    #expect(
      actions.contains {
        if case .pieceLayerArrived(request.piecesRoot, let hashes) = $0 {
          hashes == torrent.layers[request.piecesRoot]
        } else {
          false
        }
      })
    #expect(!actions.requests(to: honest).isEmpty)
    #expect(actions.completions == 0)
  }

  @Test("asks another peer for hashes when one rejects")
  func hashRejects() throws {
    let torrent = try TestTorrent(.v2, pieces: 5)
    let bench = try CoreBench(torrent, have: torrent.none, layers: PieceLayers())
    let first = try bench.connect(1, isV2: true)
    let asked = bench.from(first, .haveAll).messages(to: first)
    let request = try #require(
      asked.compactMap { if case .hashRequest(let request) = $0 { request } else { nil } }.first)
    #expect(
      !bench.from(first, .hashReject(request)).messages(to: first).contains(.hashRequest(request)))
    let second = try bench.connect(2, isV2: true)
    #expect(bench.from(second, .haveAll).messages(to: second).contains(.hashRequest(request)))
    #expect(bench.pass(.seconds(20)).messages(to: second).count { $0 == .hashRequest(request) } < 3)
  }

  @Test("hands hash requests to the session, and refuses a flood of them")
  func hashFlood() throws {
    let torrent = try TestTorrent(.v2, pieces: 5)
    let bench = try CoreBench(torrent, have: torrent.full)
    let peer = try bench.connect(1, isV2: true)
    bench.from(peer, .haveNone)
    let request = HashRequest(
      piecesRoot: try #require(torrent.info.files[0].piecesRoot), baseLayer: 1, index: 0,
      length: 8, proofLayers: 2)
    let actions = bench.from(peer, .hashRequest(request))
    #expect(
      actions.contains { if case .answerHashes(peer, request) = $0 { true } else { false } })
    var leaves = request
    leaves.baseLayer = 0
    leaves.length = 512
    let costly = bench.from(peer, Array(repeating: .hashRequest(leaves), count: 20))
    #expect(costly.messages(to: peer).count { $0 == .hashReject(leaves) } == 5)
    let flood = bench.from(peer, Array(repeating: .hashRequest(request), count: 9_000))
    #expect(flood.messages(to: peer).contains(.hashReject(request)))
    #expect(flood.reason(of: peer) == .fault(.flood))
  }
}
