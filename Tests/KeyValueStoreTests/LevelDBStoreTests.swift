internal import Foundation
internal import KeyValueStore
internal import TestSupport
internal import Testing

@Suite("LevelDBStore")
struct LevelDBStoreTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test("keeps its records from one opening to the next")
  func persists() throws {
    let configuration = directory.configuration()
    for round in UInt8(0)..<3 {
      let store = try LevelDBStore(configuration: configuration)
      #expect(try store.records().count == Int(round))
      try store.put([round], [round])
      store.close()
    }
  }

  @Test("works with filters, compression and caches off")
  func worksWithoutExtras() throws {
    var configuration = directory.configuration()
    configuration.bloomBits = 0
    configuration.compresses = false
    configuration.blockCacheBytes = 0
    configuration.maximumOpenFiles = 0
    let store = try LevelDBStore(configuration: configuration)
    try store.put([1], [UInt8](repeating: 7, count: 10_000))
    try store.compact(.all)
    #expect(try store.approximateSize(of: .all) > 9_000)
    #expect(try store.get([1])?.count == 10_000)
    #expect(try store.get([2]) == nil)
  }

  @Test("refuses a database another store of this process has open")
  func refusesSecondStore() throws {
    let configuration = directory.configuration()
    let first = try LevelDBStore(configuration: configuration)
    let error = expectError(.locked) { _ = try LevelDBStore(configuration: configuration) }
    #expect(error?.message.contains(configuration.path) == true)
    #expect(error?.message.contains("stop the other process") == true)
    first.close()
    _ = try LevelDBStore(configuration: configuration)
  }

  @Test("holds the lock until the last snapshot of a closed store is gone")
  func snapshotHoldsLock() throws {
    let configuration = directory.configuration()
    let store = try LevelDBStore(configuration: configuration)
    do {
      let snapshot = try store.snapshot()
      store.close()
      expectError(.locked) { _ = try LevelDBStore(configuration: configuration) }
      _ = try snapshot.get([1])
    }
    _ = try LevelDBStore(configuration: configuration)
  }

  #if os(Linux) || os(macOS)
    @Test("refuses a database another process has open")
    func refusesSecondProcess() async throws {
      let configuration = directory.configuration()
      let store = try LevelDBStore(configuration: configuration)
      let path = configuration.path
      await #expect(processExitsWith: .success) { [path = path as String] in
        let error = #expect(throws: StoreError.self) {
          _ = try LevelDBStore(configuration: .init(path: path))
        }
        #expect(error?.code == .locked)
      }
      store.close()
    }
  #endif

  @Test("reports a missing database and leaves nothing behind")
  func reportsMissing() throws {
    var configuration = directory.configuration()
    configuration.createIfMissing = false
    let error = expectError(.missing) { _ = try LevelDBStore(configuration: configuration) }
    #expect(error?.message.contains(configuration.path) == true)
    #expect(!FileManager.default.fileExists(atPath: configuration.path))
  }

  @Test("reports a missing parent directory")
  func reportsMissingParent() {
    expectError(.missing) {
      _ = try LevelDBStore(configuration: directory.configuration("no/such"))
    }
  }

  @Test("reports a path that is a file")
  func reportsFile() throws {
    try Data([1]).write(to: URL(filePath: "\(directory.path)/db"))
    expectError(.missing) { _ = try LevelDBStore(configuration: directory.configuration()) }
  }

  @Test("syncs every log, not only the newest, when a synced write follows unsynced ones")
  func syncsOlderLogs() throws {
    let configuration = directory.configuration()
    let store = try LevelDBStore(configuration: configuration)
    // A log that cannot be opened, by which the sync of the others shows.
    let log = "\(configuration.path)/loop.log"
    try FileManager.default.createSymbolicLink(atPath: log, withDestinationPath: log)
    try store.put([1], [1], sync: true)
    try store.put([2], [2], sync: true)
    try store.put([3], [3], sync: false)
    let error = expectError(.io) { try store.put([4], [4], sync: true) }
    #expect(error?.message.contains("loop.log") == true)
    #expect(try store.get([4]) == nil)
  }

  @Test("refuses a batch above the limit and goes on")
  func refusesHugeBatch() throws {
    let store = try LevelDBStore(configuration: directory.configuration())
    var batch = WriteBatch()
    batch.put([1], [UInt8](repeating: 0, count: WriteBatch.maximumByteCount))
    expectError(.notSupported) { try store.write(batch, sync: false) }
    try store.put([1], [1])
    #expect(try store.get([1]) == [1])
  }

  @Test(
    "reports a full disk, takes no more writes, and has every earlier batch when there is room",
    .enabled("a file system can be mounted") { SmallDisk.isPermitted })
  func reportsFullDisk() throws {
    let disk = try SmallDisk(bytes: 1 << 20)
    var configuration = directory.configuration()
    configuration.path = "\(disk.path)/db"
    configuration.compresses = false
    var generator = SeededGenerator(seed: 3)
    var written: [Record] = []
    do {
      let store = try LevelDBStore(configuration: configuration)
      let error = expectError(.diskFull) {
        for index in UInt64(0)..<1_000 {
          let record = Record(KeySpace(1).key(index), generator.bytes(3_000))
          try store.put(record.key, record.value, sync: true)
          written.append(record)
        }
      }
      #expect(error?.message.contains(configuration.path) == true)
      #expect(written.count > 50)
      let refusal = expectError(.diskFull) { try store.put([9], [9], sync: true) }
      #expect(refusal?.message.contains("an earlier one failed") == true)
      #expect(try store.records() == written)
      store.close()
    }
    try disk.resize(bytes: 16 << 20)
    let store = try LevelDBStore(configuration: configuration)
    let records = try store.records()
    // The batch that failed may be there, if only what follows it in LevelDB's write did.
    #expect(Array(records.prefix(written.count)) == written)
    #expect(records.count <= written.count + 1)
    store.close()
  }
}
