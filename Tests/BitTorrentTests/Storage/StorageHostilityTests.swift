internal import BitTorrent
internal import Foundation
internal import Metainfo
internal import NIOCore
internal import TestSupport
internal import Testing

@Suite("TorrentStorage among hostile files")
struct StorageHostilityTests {
  private static let files: KeyValuePairs<String, Int> = ["a/b": 40_000, "c": 20_000]

  @Test("never follows a link out of its folder", arguments: ["t", "t/a", "t/a/b", "t/c"])
  func links(_ place: String) async throws {
    let torrent = try DiskTorrent(.v1, pieceLength: 16_384, Self.files)
    let folder = try TemporaryDirectory()
    let outside = try TemporaryDirectory()
    try Data("secret".utf8).write(to: URL(filePath: outside.path("b")))
    let url = URL(filePath: folder.path(place))
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    let isFolder = !["t/a/b", "t/c"].contains(place)
    try FileManager.default.createSymbolicLink(
      atPath: url.path, withDestinationPath: isFolder ? outside.path : outside.path("b"))
    let rig = StorageRig(torrent, in: folder.path)
    do {
      _ = try await rig.open()
      rig.storage.receive(torrent.blocks(0..<torrent.layout.pieceCount))
      await rig.wait { !$0.failures.isEmpty }
      #expect(rig.events.failures.allSatisfy { $0.code == .unsafePath })
    } catch let error as StorageError {
      #expect(error.code == .unsafePath)
    }
    try await rig.close()
    #expect(try FileManager.default.contentsOfDirectory(atPath: outside.path) == ["b"])
    #expect(try Data(contentsOf: URL(filePath: outside.path("b"))) == Data("secret".utf8))
  }

  @Test("does not wait at a queue, nor write into a device", arguments: ["t/c"])
  func queues(_ place: String) async throws {
    let torrent = try DiskTorrent(.v1, pieceLength: 16_384, Self.files)
    let folder = try TemporaryDirectory()
    try FileManager.default.createDirectory(
      atPath: folder.path("t"), withIntermediateDirectories: true)
    #expect(mkfifo(folder.path(place), 0o600) == 0)
    let rig = StorageRig(torrent, in: folder.path)
    _ = try await rig.open()
    rig.storage.receive(torrent.blocks(0..<torrent.layout.pieceCount))
    await rig.wait { !$0.failures.isEmpty }
    #expect(rig.events.failures.allSatisfy { $0.code == .unsafePath })
    try await rig.close()
  }

  @Test("goes on by itself when what stood in the way is gone")
  func recovers() async throws {
    let torrent = try DiskTorrent(.v1, pieceLength: 16_384, Self.files)
    let folder = try TemporaryDirectory()
    try FileManager.default.createDirectory(
      atPath: folder.path("t/c"), withIntermediateDirectories: true)
    let rig = StorageRig(torrent, in: folder.path)
    _ = try await rig.open()
    rig.storage.receive(torrent.blocks(0..<torrent.layout.pieceCount))
    await rig.wait { !$0.failures.isEmpty }
    try FileManager.default.removeItem(atPath: folder.path("t/c"))
    let pieceCount = torrent.layout.pieceCount
    await rig.wait { $0.verified.count == pieceCount && $0.recoveredCount > 0 }
    #expect(try torrent.isWhole(in: folder.path))
    try await rig.close()
  }

  @Test(
    "pauses on a full disk and goes on when there is room",
    .enabled("a file system can be mounted") { SmallDisk.isPermitted })
  func fullDisk() async throws {
    let torrent = try DiskTorrent(.v1, pieceLength: 65_536, ["": 1 << 20])
    let disk = try SmallDisk(bytes: 256 << 10)
    let rig = StorageRig(torrent, in: disk.path)
    _ = try await rig.open()
    rig.storage.receive(torrent.blocks(0..<torrent.layout.pieceCount))
    await rig.wait { !$0.failures.isEmpty }
    let failure = try #require(rig.events.failures.first)
    #expect(failure.code == .diskFull)
    #expect(failure.message.contains("make room"))
    try disk.resize(bytes: 8 << 20)
    await rig.wait { $0.verified.count == 16 && $0.recoveredCount > 0 }
    #expect(try torrent.isWhole(in: disk.path))
    try await rig.close()
  }

  @Test("fetches a piece again when its early blocks were taken away")
  func takenAway() async throws {
    let torrent = try DiskTorrent(.v1, pieceLength: 2 << 20, ["": 2 << 20])
    let folder = try TemporaryDirectory()
    let rig = StorageRig(torrent, in: folder.path) { $0.storeBytes = 1 << 20 }
    _ = try await rig.open()
    let blocks = torrent.blocks([0])
    rig.storage.receive(Array(blocks.dropFirst()))
    await rig.wait { $0.relievedCount > 0 }
    #expect(truncate(folder.path("t"), 0) == 0)
    rig.storage.receive([blocks[0]])
    await rig.wait { $0.contains { if case .pieceLost(0) = $0 { true } else { false } } }
    #expect(rig.events.failed.isEmpty)
    for batch in blocks.chunked(16) {
      try await rig.give(batch)
    }
    await rig.wait { $0.verified == [0] }
    #expect(try torrent.isWhole(in: folder.path))
    try await rig.close()
  }
}
