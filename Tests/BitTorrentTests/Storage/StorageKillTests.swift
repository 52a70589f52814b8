internal import BitTorrent
internal import Foundation
internal import KeyValueStore
internal import Metainfo
internal import NIOCore
internal import TestSupport
internal import Testing

#if os(Linux) || os(macOS)
  @Suite("TorrentStorage in a process that is killed")
  struct StorageKillTests {
    private static let storeBytes = 1 << 20
    private static let batch = 8
    /// How often a process is killed; `BTT_KILLS` asks for more.
    private static let kills =
      ProcessInfo.processInfo.environment["BTT_KILLS"].flatMap { UInt64($0) } ?? 12

    private static func torrent(_ seed: UInt64) throws -> DiskTorrent {
      let version = TorrentStorageTests.versions[Int(seed % 3)]
      return try DiskTorrent(
        version, pieceLength: seed % 2 == 0 ? 1 << 20 : 1 << 16,
        ["a": 3_000_000, "b": 1, "c": 5_000_001], seed: seed)
    }

    private static func rig(
      _ torrent: DiskTorrent, _ path: String
    ) throws -> StorageRig {
      let store = try LevelDBStore(configuration: .init(path: "\(path)/db"))
      return StorageRig(torrent, in: "\(path)/files", resume: store) {
        $0.storeBytes = storeBytes
        $0.recordBytes = storeBytes / 4
      }
    }

    @Test(
      "has every piece that it said it has, and loses at most what its store held",
      arguments: 0..<kills)
    func killed(_ seed: UInt64) async throws {
      let directory = try TemporaryDirectory()
      await #expect(processExitsWith: .signal(SIGALRM)) {
        [path = directory.path as String, seed = seed as UInt64] in
        setenv("TMPDIR", path, 1)
        var generator = SeededGenerator(seed: seed)
        let torrent = try StorageKillTests.torrent(seed)
        let rig = try StorageKillTests.rig(torrent, path)
        _ = try await rig.open()
        let said = Foundation.open("\(path)/said", O_WRONLY | O_CREAT, 0o600)
        // The kernel ends the process at an instruction nobody chose; nothing catches the signal.
        ualarm(.random(in: 1_000...120_000, using: &generator), 0)
        var requests = (0..<torrent.layout.pieceCount).flatMap(torrent.requests)
        if seed % 4 < 2 { requests.shuffle(using: &generator) }
        var given = 0
        for batch in requests.chunked(StorageKillTests.batch) {
          let blocks = batch.map(torrent.block)
          given += batch.reduce(0) { $0 + $1.length }
          var record = [Int64(given)]
          pwrite(said, &record, 8, 0)
          try await rig.give(blocks)
          for piece in rig.events.verified {
            pwrite(said, [1] as [UInt8], 1, off_t(8 + piece))
          }
        }
        while true { pause() }
      }
      let torrent = try Self.torrent(seed)
      let said = try Data(contentsOf: URL(filePath: directory.path("said")))
      let given = said.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      let verified = said.dropFirst(8).enumerated().filter { $0.element == 1 }.map(\.offset)

      let rig = try Self.rig(torrent, directory.path)
      let opened = try await rig.open()
      #expect(verified.allSatisfy { opened.have[$0] }, "seed \(seed)")
      var kept = 0
      for request in (0..<torrent.layout.pieceCount).flatMap(torrent.requests)
      where opened.have[request.piece]
        || opened.blocks[request.piece]?[request.offset / BlockRequest.blockLength] == true
      {
        kept += request.length
      }
      #expect(
        given - kept <= Self.storeBytes + Self.batch * BlockRequest.blockLength,
        "seed \(seed): of \(given) bytes \(kept) were kept")
      let right = try await rig.storage.check().get()
      #expect(right == opened.have, "seed \(seed)")

      // What is missing comes, and only that.
      let missing = (0..<torrent.layout.pieceCount).flatMap(torrent.requests).filter { request in
        !opened.have[request.piece]
          && opened.blocks[request.piece]?[request.offset / BlockRequest.blockLength] != true
      }
      for batch in missing.chunked(Self.batch) {
        try await rig.give(batch.map(torrent.block))
      }
      let rest = torrent.layout.pieceCount - opened.have.setCount
      await rig.wait { $0.verified.count + $0.failed.count >= rest }
      // A block that was on its way to the disk may be half there: its piece is fetched anew.
      await rig.fetch(rig.events.failed)
      #expect(try torrent.isWhole(in: directory.path("files")), "seed \(seed)")
      try await rig.close()
    }
  }
#endif
