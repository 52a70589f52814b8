internal import Foundation
internal import KeyValueStore
internal import TestSupport
internal import Testing

#if os(Linux) || os(macOS)
  @Suite("LevelDBStore in a process that is killed")
  struct LevelDBKillTests {
    /// Batch `index` puts ten records that all carry its number, of sizes that follow from it.
    private static func batch(_ index: UInt64) -> WriteBatch {
      var generator = SeededGenerator(seed: index)
      var batch = WriteBatch()
      for part in UInt64(0)..<10 {
        let size = Int.random(in: 0...400, using: &generator)
        batch.put(KeySpace(1).key(KeySpace(2).key(index), part), generator.bytes(size))
      }
      batch.put([0], KeySpace(0).key(index))
      return batch
    }

    @Test(
      "keeps whole batches, in order, and every one whose write had returned",
      arguments: 0..<UInt64(6))
    func keepsWholeBatches(_ seed: UInt64) async throws {
      let directory = try TemporaryDirectory()
      let path = directory.path
      await #expect(processExitsWith: .signal(SIGALRM)) {
        [path = path as String, seed = seed as UInt64] in
        var generator = SeededGenerator(seed: seed)
        var configuration = LevelDBStore.Configuration(path: "\(path)/db")
        configuration.writeBufferBytes = 64 << 10
        let store = try LevelDBStore(configuration: configuration)
        let returned = open("\(path)/returned", O_WRONLY | O_CREAT, 0o600)
        for index in UInt64(0)... {
          try store.write(
            LevelDBKillTests.batch(index), sync: Int.random(in: 0..<8, using: &generator) == 0)
          var number = index + 1
          pwrite(returned, &number, 8, 0)
          guard index == 0 else { continue }
          // The kernel ends the process at an instruction nobody chose; nothing catches the signal.
          ualarm(.random(in: 1_000...200_000, using: &generator), 0)
        }
      }
      let bytes = try Data(contentsOf: URL(filePath: "\(path)/returned"))
      let returned = bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      let store = try LevelDBStore(configuration: directory.configuration())
      let records = try store.records()
      let last = try store.get([0])
      // The one being written may be there too: its write had not returned yet.
      let count = try #require(
        [returned, returned + 1].first { count in
          count == 0 ? last == nil : last == KeySpace(0).key(count - 1)
        }, "seed \(seed): \(returned) returned, last is \(String(describing: last))")
      var model = Model()
      for index in 0..<count {
        Self.batch(index).forEach { key, value in model[[UInt8](key)] = value.map { [UInt8]($0) } }
      }
      #expect(records == model.records(), "seed \(seed)")
      #expect(count > 0, "seed \(seed)")
    }
  }
#endif
