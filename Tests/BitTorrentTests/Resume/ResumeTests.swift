internal import BitTorrent
internal import Foundation
internal import KeyValueStore
internal import Metainfo
internal import NIOCore
internal import Synchronization
internal import TestSupport
internal import Testing

@Suite("TorrentStorage that is opened again")
struct ResumeTests {
  private static let files: KeyValuePairs<String, Int> = [
    "a": 100_000, "b": 200_000, "c/d": 300_000,
  ]

  private static func torrent(_ version: TorrentInfo.Version = .v1) throws -> DiskTorrent {
    try DiskTorrent(version, pieceLength: 32_768, files)
  }

  @Test(
    "knows pieces and blocks after an orderly end, and hashes nothing",
    arguments: TorrentStorageTests.versions)
  func orderly(_ version: TorrentInfo.Version) async throws {
    let torrent = try Self.torrent(version)
    let folder = try TemporaryDirectory()
    let store = SimulatedStore()
    let rig = StorageRig(torrent, in: folder.path, resume: store)
    _ = try await rig.open()
    await rig.fetch([0, 2, 5])
    // Half of another piece.
    rig.storage.receive([torrent.blocks([7])[0]])
    try await rig.close()

    let second = StorageRig(torrent, in: folder.path, resume: store)
    let opened = try await second.open()
    #expect(opened.checkedPieces == 0)
    #expect(Set((0..<torrent.layout.pieceCount).filter { opened.have[$0] }) == [0, 2, 5])
    #expect(opened.blocks.keys.sorted() == [7])
    #expect(opened.blocks[7].map { [$0[0], $0[1]] } == [true, false])
    second.storage.receive([torrent.blocks([7])[1]])
    await second.wait { $0.verified == [7] }
    let all = torrent.layout.pieceCount
    await second.fetch((0..<all).filter { ![0, 2, 5, 7].contains($0) })
    #expect(try torrent.isWhole(in: folder.path))
    try await second.close()
  }

  @Test("finds by hashing what came after the last record when the process was killed")
  func killed() async throws {
    let torrent = try Self.torrent()
    let folder = try TemporaryDirectory()
    let store = SimulatedStore()
    let rig = StorageRig(torrent, in: folder.path, resume: store) { $0.recordBytes = 100_000 }
    _ = try await rig.open()
    await rig.fetch(0..<10)
    // No close: the process is gone, what it wrote is not.
    let second = StorageRig(torrent, in: folder.path, resume: store.kill())
    let opened = try await second.open()
    #expect((0..<10).allSatisfy { opened.have[$0] } && opened.have.setCount == 10)
    #expect(opened.checkedPieces <= 6, "\(opened.checkedPieces) pieces were in doubt")
    try await second.close()
    try await rig.close()
  }

  @Test("hashes again what was never synced when the machine was started anew")
  func rebooted() async throws {
    let torrent = try Self.torrent()
    let folder = try TemporaryDirectory()
    let store = SimulatedStore()
    let rig = StorageRig(torrent, in: folder.path, resume: store)
    _ = try await rig.open()
    await rig.fetch(0..<6)
    try await rig.storage.sync().get()
    await rig.fetch(6..<10)
    try await rig.close()
    let second = StorageRig(torrent, in: folder.path, resume: store) { $0.bootID = "another" }
    let opened = try await second.open()
    #expect(opened.have.setCount == 10)
    #expect(opened.checkedPieces == 4)
    try await second.close()
  }

  @Test("hashes nothing after a power cut that came after a sync", arguments: [UInt64(1), 2, 3])
  func synced(_ seed: UInt64) async throws {
    let torrent = try Self.torrent(.hybrid)
    let folder = try TemporaryDirectory()
    let store = SimulatedStore()
    let rig = StorageRig(torrent, in: folder.path, resume: store)
    _ = try await rig.open()
    await rig.fetch(0..<torrent.layout.pieceCount)
    try await rig.storage.sync().get()
    var generator = TestSupport.SeededGenerator(seed: seed)
    let left = store.powerCut(using: &generator)
    let second = StorageRig(torrent, in: folder.path, resume: left) { $0.bootID = "another" }
    let opened = try await second.open()
    #expect(opened.have.isFull && opened.checkedPieces == 0)
    // Nothing is new: the record stays as it is.
    let count = left.writeCount
    try await second.storage.sync().get()
    #expect(left.writeCount == count)
    try await second.close()
    try await rig.close()
  }

  @Test("syncs what lies in the part file, and syncs it again where it is put")
  func syncedPartFile() async throws {
    let torrent = try Self.torrent()
    let folder = try TemporaryDirectory()
    let store = SimulatedStore()
    let rig = StorageRig(torrent, in: folder.path, resume: store)
    _ = try await rig.open()
    try await rig.storage.setPriorities([1, 0, 1]).get()
    // Pieces 3 and 9 have bytes of the second file, which nobody wants.
    await rig.fetch([3, 9])
    try await rig.storage.sync().get()
    try await rig.close()
    let second = StorageRig(torrent, in: folder.path, resume: store) { $0.bootID = "second" }
    #expect(try await second.open().checkedPieces == 0)
    try await second.storage.setPriorities([1, 1, 1]).get()
    try await second.close()
    let third = StorageRig(torrent, in: folder.path, resume: store) { $0.bootID = "third" }
    let opened = try await third.open()
    #expect(opened.checkedPieces == 2 && opened.have.setCount == 2)
    try await third.storage.sync().get()
    try await third.close()
    let fourth = StorageRig(torrent, in: folder.path, resume: store) { $0.bootID = "fourth" }
    #expect(try await fourth.open().checkedPieces == 0)
    try await fourth.close()
  }

  @Test("notes nothing as synced where a file cannot be brought to the disk")
  func failedSync() async throws {
    let torrent = try Self.torrent()
    let folder = try TemporaryDirectory()
    let store = SimulatedStore()
    let rig = StorageRig(torrent, in: folder.path, resume: store)
    _ = try await rig.open()
    await rig.fetch(0..<torrent.layout.pieceCount)
    let path = "\(folder.path)/\(torrent.info.files[1].relativePath)"
    try FileManager.default.moveItem(atPath: path, toPath: path + ".away")
    await #expect(throws: (any Error).self) { try await rig.storage.sync().get() }
    try FileManager.default.moveItem(atPath: path + ".away", toPath: path)
    try await rig.close()
    let second = StorageRig(torrent, in: folder.path, resume: store) { $0.bootID = "another" }
    let opened = try await second.open()
    #expect(opened.have.isFull && opened.checkedPieces == torrent.layout.pieceCount)
    try await second.close()
  }

  @Test("trusts no file that was put elsewhere by a change of priorities that failed")
  func failedPriorities() async throws {
    let torrent = try Self.torrent()
    let folder = try TemporaryDirectory()
    let store = SimulatedStore()
    let rig = StorageRig(torrent, in: folder.path, resume: store)
    _ = try await rig.open()
    try await rig.storage.setPriorities([0, 0, 1]).get()
    await rig.fetch([0, 4])
    try await rig.storage.sync().get()
    // Where the second file should be there is a folder.
    let paths = torrent.info.files.map { "\(folder.path)/\($0.relativePath)" }
    try FileManager.default.createDirectory(
      atPath: paths[1], withIntermediateDirectories: true)
    await #expect(throws: (any Error).self) {
      try await rig.storage.setPriorities([1, 1, 1]).get()
    }
    #expect(FileManager.default.fileExists(atPath: paths[0]))
    try await rig.close()
    try FileManager.default.removeItem(atPath: paths[1])
    let second = StorageRig(torrent, in: folder.path, resume: store) { $0.bootID = "another" }
    let opened = try await second.open()
    #expect(opened.have.setCount == 2 && opened.checkedPieces == 2)
    try await second.close()
  }

  @Test("hashes again the pieces of files that something else changed", arguments: 0..<3)
  func changed(_ kind: Int) async throws {
    let torrent = try Self.torrent()
    let folder = try TemporaryDirectory()
    let store = SimulatedStore()
    let rig = StorageRig(torrent, in: folder.path, resume: store)
    _ = try await rig.open()
    await rig.fetch(0..<torrent.layout.pieceCount)
    try await rig.close()
    let path = folder.path("t/b")
    switch kind {
    case 0: #expect(truncate(path, 150_000) == 0)
    case 1: #expect(unlink(path) == 0)
    default:
      var bytes = try Data(contentsOf: URL(filePath: path))
      bytes[0] ^= 1
      try bytes.write(to: URL(filePath: path))
    }
    let second = StorageRig(torrent, in: folder.path, resume: store)
    let opened = try await second.open()
    // Pieces 3 to 9 have bytes of the second file.
    #expect(opened.checkedPieces == 7)
    let lost = (0..<torrent.layout.pieceCount).filter { !opened.have[$0] }
    #expect(lost == [Array(7...9), Array(3...9), [3]][kind])
    await second.fetch(lost)
    #expect(try torrent.isWhole(in: folder.path))
    try await second.close()
  }

  @Test("finds what is there without a record, and skips holes")
  func withoutRecord() async throws {
    let torrent = try Self.torrent()
    let folder = try TemporaryDirectory()
    let rig = StorageRig(torrent, in: folder.path)
    _ = try await rig.open()
    await rig.fetch([1, 2, 11])
    try await rig.close()
    let second = StorageRig(torrent, in: folder.path, resume: SimulatedStore())
    let opened = try await second.open()
    #expect(Set((0..<torrent.layout.pieceCount).filter { opened.have[$0] }) == [1, 2, 11])
    #expect(opened.checkedPieces < torrent.layout.pieceCount)
    try await second.close()
  }

  @Test("is not led astray by another torrent's record, or by one that cannot be read")
  func foreignRecord() async throws {
    let torrent = try Self.torrent()
    let folder = try TemporaryDirectory()
    let store = SimulatedStore()
    var record = ResumeRecord(
      hashes: torrent.info.hashes, savePath: folder.path, pieceCount: 3, fileCount: 1)
    record.have.fill()
    try ResumeStore(store).save(record)
    let rig = StorageRig(torrent, in: folder.path, resume: store)
    #expect(try await rig.open().have.isEmpty)
    try await rig.close()
    var batch = WriteBatch()
    batch.put([0x72] + torrent.info.hashes.primary.bytes, [1, 2, 3])
    try store.write(batch, sync: false)
    let second = StorageRig(torrent, in: folder.path, resume: store)
    #expect(try await second.open().have.isEmpty)
    try await second.close()
  }

  @Test("does not take files in another folder for those of its record")
  func anotherFolder() async throws {
    let torrent = try Self.torrent()
    let folder = try TemporaryDirectory()
    let store = SimulatedStore()
    let rig = StorageRig(torrent, in: folder.path("one"), resume: store)
    _ = try await rig.open()
    rig.storage.updateRecord { $0.downloaded = 5 }
    await rig.fetch(0..<4)
    try await rig.close()
    let second = StorageRig(torrent, in: folder.path("two"), resume: store)
    let opened = try await second.open()
    #expect(opened.have.isEmpty && opened.record.downloaded == 5)
    try await second.close()
    let third = StorageRig(torrent, in: folder.path("two/../one/"), resume: store)
    #expect(try await third.open().have.setCount == 4)
    try await third.close()
  }

  @Test("stays closed when it is closed while it opens")
  func closedEarly() async throws {
    let torrent = try Self.torrent()
    let pool = DiskPool(threads: 1)
    let gate = DispatchSemaphore(value: 0)
    pool.submit(.upload) { gate.wait() }
    let rig = StorageRig(torrent, in: torrent.directory.path, pool: pool)
    let opening = rig.storage.open()
    try await rig.close()
    gate.signal()
    await #expect(throws: StorageError.self) { try await opening.get() }
    await #expect(throws: StorageError.self) { try await rig.storage.sync().get() }
  }

  @Test("checks while pieces come, and loses none of them")
  func checkMeanwhile() async throws {
    let torrent = try Self.torrent()
    let folder = try TemporaryDirectory()
    let rig = StorageRig(torrent, in: folder.path)
    _ = try await rig.open()
    await rig.fetch(0..<3)
    let check = rig.storage.check()
    let pieceCount = torrent.layout.pieceCount
    await rig.fetch(3..<pieceCount)
    let found = try await check.get()
    #expect((0..<3).allSatisfy { found[$0] })
    #expect(try await rig.storage.check().get().isFull)
    try await rig.close()
  }

  @Test("keeps what the session puts in the record")
  func statistics() async throws {
    let torrent = try Self.torrent()
    let folder = try TemporaryDirectory()
    let store = SimulatedStore()
    let rig = StorageRig(torrent, in: folder.path, resume: store)
    _ = try await rig.open()
    rig.storage.updateRecord { $0.uploaded = 77 }
    try await rig.close()
    let second = StorageRig(torrent, in: folder.path, resume: store)
    #expect(try await second.open().record.uploaded == 77)
    try await second.close()
  }

  @Test("tells how far a check is, and ends one that is cancelled")
  func progress() async throws {
    let torrent = try Self.torrent()
    let rig = StorageRig(torrent, in: torrent.directory.path)
    let steps = Steps()
    let opened = try await rig.storage.open { steps.add($0, $1) }.get()
    #expect(opened.have.isFull && opened.checkedPieces == torrent.layout.pieceCount)
    #expect(steps.last == torrent.layout.pieceCount)
    try await rig.close()

    let second = StorageRig(torrent, in: torrent.directory.path)
    second.storage.cancelCheck()
    _ = try await second.open()
    let check = second.storage.check { _, _ in second.storage.cancelCheck() }
    // It may have ended before it could be cancelled; then it is right.
    if let found = try? await check.get() { #expect(found.isFull) }
    try await second.close()
  }
}

private final class Steps: Sendable {
  private let steps = Mutex<[Int]>([])
  func add(_ done: Int, _ total: Int) { steps.withLock { $0.append(done) } }
  var last: Int? { steps.withLock { $0.max() } }
}
