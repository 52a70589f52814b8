internal import BitTorrent
internal import Foundation
internal import Metainfo
internal import NIOCore
internal import Primitives
internal import TestSupport
internal import Testing

@Suite("TorrentStorage")
struct TorrentStorageTests {
  static let versions: [TorrentInfo.Version] = [.v1, .v2, .hybrid]

  /// Empty files, one byte, tails of one byte, files within a piece and across many.
  static let manyFiles: KeyValuePairs<String, Int> = [
    "a": 1, "b/empty": 0, "b/c": 16_384, "b/d": 16_385, "e": 200_001, "f": 70_000, "g": 0,
    "h/i/j": 32_767,
  ]

  @Test(
    "puts torrents of every kind together from blocks in any order",
    arguments: versions, [16_384, 65_536])
  func anyOrder(_ version: TorrentInfo.Version, _ pieceLength: Int) async throws {
    var generator = SeededGenerator()
    let torrent = try DiskTorrent(
      version, pieceLength: pieceLength, Self.manyFiles, seed: generator.next())
    let folder = try TemporaryDirectory()
    let rig = StorageRig(torrent, in: folder.path)
    let opened = try await rig.open()
    #expect(opened.have.isEmpty && opened.blocks.isEmpty && opened.checkedPieces == 0)

    var blocks = torrent.blocks(0..<torrent.layout.pieceCount)
    // Peers send some twice, and some that nobody could have asked for.
    blocks += blocks.prefix(7)
    for request in [
      BlockRequest(piece: -1, offset: 0, length: 16_384),
      BlockRequest(piece: torrent.layout.pieceCount, offset: 0, length: 16_384),
      BlockRequest(piece: 0, offset: 1, length: 16_384),
      BlockRequest(piece: 0, offset: 1 << 40, length: 16_384),
      BlockRequest(piece: 0, offset: 0, length: 5),
    ] {
      blocks.append(ReceivedBlock(request, ByteBuffer(repeating: 7, count: request.length)))
    }
    blocks.shuffle(using: &generator)
    while !blocks.isEmpty {
      let count = min(blocks.count, Int.random(in: 1...9, using: &generator))
      rig.storage.receive(Array(blocks.suffix(count)))
      blocks.removeLast(count)
    }
    let pieceCount = torrent.layout.pieceCount
    await rig.wait { $0.verified.count == pieceCount }
    #expect(rig.events.failed.isEmpty)
    #expect(try torrent.isWhole(in: folder.path), "seed \(generator.seed)")
    try await rig.close()
  }

  @Test("gives the blocks that it has, from memory and from disk", arguments: versions)
  func reads(_ version: TorrentInfo.Version) async throws {
    var generator = SeededGenerator()
    let torrent = try DiskTorrent(version, pieceLength: 32_768, Self.manyFiles)
    let folder = try TemporaryDirectory()
    let rig = StorageRig(torrent, in: folder.path) { $0.openFiles = 2 }
    _ = try await rig.open()
    await rig.fetch(0..<torrent.layout.pieceCount)

    for _ in 0..<40 {
      let requests = (0..<Int.random(in: 1...20, using: &generator)).map { _ in
        let piece = Int.random(in: 0..<torrent.layout.pieceCount, using: &generator)
        let length = torrent.layout.length(ofPiece: piece)
        let offset = Int.random(in: 0..<length, using: &generator)
        return BlockRequest(
          piece: piece, offset: offset,
          length: Int.random(in: 1...min(16_384, length - offset), using: &generator))
      }.flatMap { request in
        // Now and then the block that follows, so that there are runs.
        let end = request.offset + request.length
        let left = torrent.layout.length(ofPiece: request.piece) - end
        guard left > 0, Bool.random(using: &generator) else { return [request] }
        return [request, BlockRequest(piece: request.piece, offset: end, length: min(left, 999))]
      }
      let expected = requests.flatMap { request in
        torrent.bytes(request.offset..<request.offset + request.length, ofPiece: request.piece)
      }
      var cached = ByteBuffer()
      let found = rig.storage.readCached(requests[...], headroom: 13, into: &cached)
      let rest = try await rig.storage.read(
        Array(requests[found...]), headroom: 13, into: cached
      ).get()
      var buffer = rest
      var bytes: [UInt8] = []
      for request in requests {
        buffer.moveReaderIndex(forwardBy: 13)
        bytes += buffer.readBytes(length: request.length) ?? []
      }
      #expect(buffer.readableBytes == 0)
      #expect(bytes == expected, "seed \(generator.seed)")
    }
    try await rig.close()
  }

  @Test("refuses to read what lies outside of the torrent or is not there")
  func readsNothingElse() async throws {
    let torrent = try DiskTorrent(.v1, pieceLength: 32_768, ["": 40_000])
    let folder = try TemporaryDirectory()
    let rig = StorageRig(torrent, in: folder.path)
    _ = try await rig.open()
    for request in [
      BlockRequest(piece: 0, offset: 0, length: 16_384),
      BlockRequest(piece: -1, offset: 0, length: 1),
      BlockRequest(piece: 2, offset: 0, length: 1),
      BlockRequest(piece: 1, offset: 7_232, length: 1),
      BlockRequest(piece: 1, offset: .max, length: .max),
      BlockRequest(piece: 0, offset: 0, length: 0),
    ] {
      var buffer = ByteBuffer()
      #expect(rig.storage.readCached([request], headroom: 0, into: &buffer) == 0)
      await #expect(throws: StorageError.self) {
        try await rig.storage.read([request], headroom: 0, into: ByteBuffer()).get()
      }
    }
    try await rig.close()
  }

  @Test("tells by digests which block of a piece was wrong", arguments: versions)
  func digests(_ version: TorrentInfo.Version) async throws {
    let torrent = try DiskTorrent(version, pieceLength: 65_536, ["": 150_000])
    let folder = try TemporaryDirectory()
    let rig = StorageRig(torrent, in: folder.path)
    _ = try await rig.open()
    var blocks = torrent.blocks([1])
    blocks[2].data.setInteger(UInt8(7), at: blocks[2].data.readerIndex + 4)
    rig.storage.receive(blocks)
    await rig.wait { $0.failed == [1] }
    rig.storage.discard(piece: 1)
    rig.storage.receive(torrent.blocks([1]))
    await rig.wait { $0.verified == [1] }
    let (wrong, right) = rig.events.reduce(into: ([BlockDigest](), [BlockDigest]())) {
      if case .pieceFailed(1, let digests, _) = $1 { $0.0 = digests }
      if case .pieceDigests(1, let digests) = $1 { $0.1 = digests }
    }
    #expect(wrong.count == 4 && right.count == 4)
    #expect(zip(wrong, right).map { $0 == $1 } == [true, true, false, true])
    try await rig.close()
  }

  @Test(
    "judges blocks by the leaves of their piece, whichever comes first",
    arguments: [TorrentInfo.Version.v2, .hybrid], [true, false])
  func leaves(_ version: TorrentInfo.Version, leavesFirst: Bool) async throws {
    let torrent = try DiskTorrent(version, pieceLength: 65_536, ["": 150_000])
    let folder = try TemporaryDirectory()
    let rig = StorageRig(torrent, in: folder.path)
    _ = try await rig.open()
    let blocks = torrent.blocks([1])
    let leaves = blocks.flatMap { block in
      block.data.withUnsafeReadableBytes { PieceDigest.leaf($0).bytes }
    }
    var bad = blocks
    // The one before it is missing, so that the v1 hash has not reached it.
    bad[2].data.setInteger(UInt8(7), at: bad[2].data.readerIndex + 4)
    if leavesFirst { rig.storage.add(leaves: leaves, ofPiece: 1) }
    rig.storage.receive([bad[0], bad[2]])
    if !leavesFirst { rig.storage.add(leaves: leaves, ofPiece: 1) }
    await rig.wait { $0.judged(1).right == [0] && $0.judged(1).wrong == [2] }
    rig.storage.receive([blocks[1], blocks[2], blocks[3]])
    await rig.wait { $0.verified == [1] }
    #expect(rig.events.judged(1).right.sorted() == [0, 1, 2, 3])
    #expect(rig.events.judged(1).wrong == [2] && rig.events.failed.isEmpty)
    // A job may have judged before it verified, never after.
    let last = try #require(rig.events.last)
    if case .pieceVerified(1) = last {} else { Issue.record("\(last) came last") }
    try await rig.close()
  }

  @Test("names the wrong block of a piece that failed, where leaves came too late to stop it")
  func lateLeaves() async throws {
    let torrent = try DiskTorrent(.hybrid, pieceLength: 65_536, ["": 150_000])
    let folder = try TemporaryDirectory()
    let rig = StorageRig(torrent, in: folder.path, pool: DiskPool(threads: 1))
    _ = try await rig.open()
    let blocks = torrent.blocks([1])
    let leaves = blocks.flatMap { block in
      block.data.withUnsafeReadableBytes { PieceDigest.leaf($0).bytes }
    }
    var bad = blocks
    bad[0].data.setInteger(UInt8(7), at: bad[0].data.readerIndex)
    rig.storage.receive([bad[0], bad[1]])
    // Both are part of the v1 hash once this is verified: one thread does one thing at a time.
    await rig.fetch([0])
    rig.storage.add(leaves: leaves, ofPiece: 1)
    rig.storage.receive([bad[2], bad[3]])
    await rig.wait { $0.failed == [1] }
    let named = rig.events.compactMap { event -> [Int]? in
      if case .pieceFailed(1, _, let badBlocks) = event { badBlocks } else { nil }
    }
    #expect(named == [[0]])
    #expect(rig.events.judged(1).right.sorted() == [1, 2, 3] && rig.events.judged(1).wrong == [])
    try await rig.close()
  }

  @Test(
    "tells that a hybrid contradicts itself, whichever of its sides the bytes are right for",
    arguments: [true, false])
  func contradiction(isRightByV2: Bool) async throws {
    let other = try DiskTorrent(.hybrid, pieceLength: 65_536, ["": 150_000], seed: 2)
    let torrent = try DiskTorrent(.hybrid, pieceLength: 65_536, ["": 150_000])
    let broken = try torrent.metainfo(withPiecesOf: other)
    let folder = try TemporaryDirectory()
    let rig = StorageRig(try DiskTorrent(broken, of: torrent), in: folder.path)
    _ = try await rig.open()
    rig.storage.receive((isRightByV2 ? torrent : other).blocks([1]))
    await rig.wait { $0.contradicted == [1] }
    // What is wrong by both is its sender's fault as ever.
    var junk = torrent.blocks([0])
    junk[0].data.setInteger(UInt8(7), at: junk[0].data.readerIndex + 4)
    rig.storage.receive(junk)
    await rig.wait { $0.failed == [0] }
    #expect(rig.events.contradicted == [1] && rig.events.verified.isEmpty)
    try await rig.close()
  }

  @Test("keeps within its bound when pieces cannot be hashed yet", arguments: versions)
  func bounded(_ version: TorrentInfo.Version) async throws {
    let torrent = try DiskTorrent(version, pieceLength: 1 << 20, ["": 6 << 20])
    let folder = try TemporaryDirectory()
    let rig = StorageRig(torrent, in: folder.path) { $0.storeBytes = 1 << 20 }
    _ = try await rig.open()
    // The first blocks come last, so that v1 can hash nothing of 6 MiB.
    let blocks = torrent.blocks(0..<torrent.layout.pieceCount)
    rig.storage.receive(blocks.filter { $0.request.offset > 0 })
    await rig.wait { $0.fullCount > 0 && $0.fullCount == $0.relievedCount }
    rig.storage.receive(blocks.filter { $0.request.offset == 0 })
    await rig.wait { $0.verified.count == 6 }
    #expect(try torrent.isWhole(in: folder.path))
    try await rig.close()
  }

  @Test("writes a piece that is larger than the store as it comes")
  func largePiece() async throws {
    let torrent = try DiskTorrent(.v1, pieceLength: 8 << 20, ["": 10 << 20])
    let folder = try TemporaryDirectory()
    let rig = StorageRig(torrent, in: folder.path) { $0.storeBytes = 1 << 20 }
    _ = try await rig.open()
    for piece in 0..<2 {
      for batch in torrent.requests(piece).chunked(20) {
        try await rig.give(batch.map(torrent.block))
      }
    }
    await rig.wait { $0.verified.count == 2 }
    #expect(try torrent.isWhole(in: folder.path))
    try await rig.close()
  }
}

extension Array {
  func chunked(_ size: Int) -> [[Element]] {
    stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
  }
}
