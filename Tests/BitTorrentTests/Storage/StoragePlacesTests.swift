internal import BitTorrent
internal import Foundation
internal import KeyValueStore
internal import Metainfo
internal import NIOCore
internal import TestSupport
internal import Testing

@Suite("TorrentStorage and where files lie")
struct StoragePlacesTests {
  private static let files: KeyValuePairs<String, Int> = [
    "a": 40_000, "b/c": 50_000, "b/d": 60_000, "e": 0, "f": 10_000,
  ]

  private static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: path)
  }

  @Test("makes files when they are first written, and empty ones at once")
  func delayed() async throws {
    let torrent = try DiskTorrent(.v1, pieceLength: 16_384, Self.files)
    let folder = try TemporaryDirectory()
    let rig = StorageRig(torrent, in: folder.path("new/folder"))
    _ = try await rig.open()
    #expect(Self.exists(folder.path("new/folder/t/e")))
    #expect(!Self.exists(folder.path("new/folder/t/a")))
    await rig.fetch([0])
    #expect(Self.exists(folder.path("new/folder/t/a")))
    #expect(!Self.exists(folder.path("new/folder/t/b")))
    try await rig.close()
  }

  #if os(Linux)
    @Test("keeps no more files open than it may", arguments: [1, 3])
    func openFiles(_ limit: Int) async throws {
      let torrent = try DiskTorrent(.v1, pieceLength: 16_384, TorrentStorageTests.manyFiles)
      let folder = try TemporaryDirectory()
      let rig = StorageRig(torrent, in: folder.path) { $0.openFiles = limit }
      _ = try await rig.open()
      await rig.fetch(0..<torrent.layout.pieceCount)
      func openFiles() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count { descriptor in
          let path = try? FileManager.default.destinationOfSymbolicLink(
            atPath: "/proc/self/fd/\(descriptor)")
          return path?.hasPrefix(folder.path("t")) == true
        }
      }
      #expect(try openFiles() == limit)
      #expect(try await rig.storage.check().get().isFull)
      #expect(try openFiles() == limit)
      try await rig.close()
      #expect(try openFiles() == 0)
    }
  #endif

  @Test("gives files all their room at once when told to")
  func preallocated() async throws {
    let torrent = try DiskTorrent(.v1, pieceLength: 16_384, ["": 1 << 20])
    let folder = try TemporaryDirectory()
    let rig = StorageRig(torrent, in: folder.path) { $0.preallocates = true }
    _ = try await rig.open()
    await rig.fetch([3])
    var status = stat()
    #expect(stat(folder.path("t"), &status) == 0)
    #expect(status.st_size == 1 << 20 && status.st_blocks * 512 >= 1 << 20)
    try await rig.close()
  }

  @Test("cuts a longer file that stood in a file's place, and keeps programs executable")
  func lengthAndMode() async throws {
    let torrent = try DiskTorrent(.v1, pieceLength: 16_384, ["x": 20_000, "y": 3])
    #expect(chmod(torrent.directory.path("t/x"), 0o755) == 0)
    let metainfo = try TorrentCreator().create(from: torrent.directory.path("t"))
    #expect(metainfo.info.files.first?.attributes.contains(.executable) == true)
    let executable = try DiskTorrent(metainfo, of: torrent)
    let folder = try TemporaryDirectory()
    try FileManager.default.createDirectory(
      atPath: folder.path("t"), withIntermediateDirectories: true)
    try Data(repeating: 1, count: 90_000).write(to: URL(filePath: folder.path("t/y")))
    let rig = StorageRig(executable, in: folder.path)
    _ = try await rig.open()
    await rig.fetch(0..<executable.layout.pieceCount)
    #expect(try executable.isWhole(in: folder.path))
    #expect(FileManager.default.isExecutableFile(atPath: folder.path("t/x")))
    #expect(!FileManager.default.isExecutableFile(atPath: folder.path("t/y")))
    try await rig.close()
  }

  @Test("makes links when the torrent is complete")
  func links() async throws {
    let plain = try DiskTorrent(.v1, pieceLength: 16_384, ["b/x": 20_000, "y": 3])
    try FileManager.default.createSymbolicLink(
      atPath: plain.directory.path("t/b/link"), withDestinationPath: "../y")
    var creator = TorrentCreator()
    creator.pieceLength = 16_384
    let torrent = try DiskTorrent(
      creator.create(from: plain.directory.path("t")), of: plain)
    let folder = try TemporaryDirectory()
    let rig = StorageRig(torrent, in: folder.path)
    _ = try await rig.open()
    await rig.fetch(0..<torrent.layout.pieceCount)
    #expect(
      try Data(contentsOf: URL(filePath: folder.path("t/b/link")))
        == Data(contentsOf: URL(filePath: folder.path("t/y"))))
    try await rig.close()
  }

  @Test("keeps bytes of unwanted files in the part file, until they are wanted")
  func partFile() async throws {
    let torrent = try DiskTorrent(.v1, pieceLength: 65_536, Self.files)
    let folder = try TemporaryDirectory()
    let store = SimulatedStore()
    let rig = StorageRig(torrent, in: folder.path, resume: store)
    _ = try await rig.open()
    // b/c, which shares pieces with both its neighbours, is unwanted.
    let unwanted = try #require(torrent.info.files.firstIndex { $0.path.last == "c" })
    var priorities = [UInt8](repeating: 1, count: torrent.info.files.count)
    priorities[unwanted] = 0
    try await rig.storage.setPriorities(priorities).get()
    await rig.fetch(0..<torrent.layout.pieceCount)
    #expect(try torrent.isWhole(in: folder.path, except: [unwanted]))
    #expect(!Self.exists(folder.path("t/b/c")))
    let part = folder.path(".\(torrent.info.hashes.primary).parts")
    #expect(Self.exists(part))
    try await rig.close()

    // Whoever opens it next finds the pieces whole, and nothing to hash.
    let second = StorageRig(torrent, in: folder.path, resume: store)
    let opened = try await second.open()
    #expect(opened.have.isFull && opened.checkedPieces == 0)
    #expect(try await second.storage.check().get().isFull)
    try await second.storage.setPriorities(Array(repeating: 1, count: priorities.count)).get()
    #expect(try torrent.isWhole(in: folder.path))
    #expect(!Self.exists(part))
    #expect(try await second.storage.check().get().isFull)
    try await second.close()
  }

  @Test("renames files, and finds them again")
  func rename() async throws {
    let torrent = try DiskTorrent(.v1, pieceLength: 16_384, Self.files)
    let folder = try TemporaryDirectory()
    let store = SimulatedStore()
    let rig = StorageRig(torrent, in: folder.path, resume: store)
    _ = try await rig.open()
    await rig.fetch(0..<4)
    try await rig.storage.rename(file: 0, to: ["t", "elsewhere", "A"]).get()
    await rig.fetch(4..<torrent.layout.pieceCount)
    #expect(!Self.exists(folder.path("t/a")))
    #expect(
      try [UInt8](Data(contentsOf: URL(filePath: folder.path("t/elsewhere/A"))))
        == torrent.contents[0])
    await #expect(throws: StorageError.self) {
      try await rig.storage.rename(file: 0, to: ["t", "b", "d"]).get()
    }
    await #expect(throws: StorageError.self) {
      try await rig.storage.rename(file: 0, to: ["t", "..", "..", "x"]).get()
    }
    try await rig.close()
    let opened = try await StorageRig(torrent, in: folder.path, resume: store).open()
    #expect(opened.have.isFull && opened.checkedPieces == 0)
  }

  @Test("moves files within a file system and to another", arguments: [nil, "/dev/shm"])
  func move(_ base: String?) async throws {
    let torrent = try DiskTorrent(.v1, pieceLength: 16_384, Self.files)
    let folder = try TemporaryDirectory()
    let target =
      base.map { "\($0)/btt-move-\(UUID().uuidString)" } ?? folder.path("else/where")
    defer { try? FileManager.default.removeItem(atPath: target) }
    if let base, !FileManager.default.isWritableFile(atPath: base) { return }
    let store = SimulatedStore()
    let rig = StorageRig(torrent, in: folder.path("from"), resume: store)
    _ = try await rig.open()
    await rig.fetch(0..<5)
    try await rig.storage.move(to: target).get()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("from")) == [])
    await rig.fetch(5..<torrent.layout.pieceCount)
    #expect(try torrent.isWhole(in: target))
    try await rig.close()
    let again = StorageRig(torrent, in: target, resume: store)
    let opened = try await again.open()
    #expect(opened.record.savePath == target)
    #expect(opened.have.isFull && opened.checkedPieces == 0)
    try await again.close()
  }

  @Test("does not move onto files that are there")
  func moveRefused() async throws {
    let torrent = try DiskTorrent(.v1, pieceLength: 16_384, Self.files)
    let folder = try TemporaryDirectory()
    let rig = StorageRig(torrent, in: folder.path("from"))
    _ = try await rig.open()
    await rig.fetch(0..<torrent.layout.pieceCount)
    try FileManager.default.createDirectory(
      atPath: folder.path("to/t"), withIntermediateDirectories: true)
    try Data("mine".utf8).write(to: URL(filePath: folder.path("to/t/f")))
    let error = await #expect(throws: StorageError.self) {
      try await rig.storage.move(to: folder.path("to")).get()
    }
    #expect(error?.code == .alreadyExists)
    #expect(try Data(contentsOf: URL(filePath: folder.path("to/t/f"))) == Data("mine".utf8))
    #expect(try torrent.isWhole(in: folder.path("from")))
    #expect(try await rig.storage.check().get().isFull)
    try await rig.close()
  }

  @Test("ends a move that a crash cut short", arguments: 0..<4)
  func moveCutShort(_ movedFiles: Int) async throws {
    let torrent = try DiskTorrent(.v1, pieceLength: 16_384, Self.files)
    let folder = try TemporaryDirectory()
    let store = SimulatedStore()
    let rig = StorageRig(torrent, in: folder.path("from"), resume: store)
    _ = try await rig.open()
    await rig.fetch(0..<torrent.layout.pieceCount)
    // What `move` says before it begins, and some of what it does.
    rig.storage.updateRecord { $0.movingTo = folder.path("to") }
    try await rig.close()
    for file in torrent.info.files.prefix(movedFiles) {
      let target = folder.path("to/\(file.relativePath)")
      try FileManager.default.createDirectory(
        at: URL(filePath: target).deletingLastPathComponent(), withIntermediateDirectories: true)
      try FileManager.default.moveItem(
        atPath: folder.path("from/\(file.relativePath)"), toPath: target)
    }
    let again = StorageRig(torrent, in: folder.path("from"), resume: store)
    let opened = try await again.open()
    #expect(opened.have.isFull && opened.record.savePath == folder.path("to"))
    #expect(try torrent.isWhole(in: folder.path("to")))
    try await again.close()
  }
}
