internal import Foundation
internal import KeyValueStore
internal import TestSupport
internal import Testing

@Suite("LevelDBStore on damaged files")
struct LevelDBDamageTests {
  let directory: TemporaryDirectory
  let configuration: LevelDBStore.Configuration
  let model: Model

  /// A closed database with records in tables and in the log.
  init() throws {
    directory = try TemporaryDirectory()
    configuration = directory.configuration()
    var generator = SeededGenerator(seed: 4)
    var model = Model()
    let store = try LevelDBStore(configuration: configuration)
    for round in 0..<40 {
      var batch = WriteBatch()
      for _ in 0..<10 {
        let (key, value) = (generator.bytes(8), generator.bytes(300))
        batch.put(key, value)
        model[key] = value
      }
      try store.write(batch, sync: false)
      if round == 30 { try store.compact(.all) }
    }
    store.close()
    self.model = model
  }

  private func open() throws -> LevelDBStore { try LevelDBStore(configuration: configuration) }

  private func files(_ matches: (String) -> Bool) throws -> [URL] {
    let directory = URL(filePath: configuration.path)
    let names = try FileManager.default.contentsOfDirectory(atPath: configuration.path)
    return names.filter(matches).sorted().map { directory.appending(path: $0) }
  }

  private func change(_ matches: (String) -> Bool, _ body: (inout Data) -> Void) throws {
    let files = try files(matches)
    try #require(!files.isEmpty)
    for file in files {
      var data = try Data(contentsOf: file)
      body(&data)
      try data.write(to: file)
    }
  }

  @Test("finds everything when nothing is damaged")
  func findsEverything() throws {
    #expect(try open().records() == model.records())
    #expect(try files { $0.hasSuffix(".ldb") }.isEmpty == false)
    #expect(try files { $0.hasSuffix(".log") }.isEmpty == false)
  }

  @Test("reports a lost CURRENT as corrupt, and makes no new database over the old")
  func lostCurrent() throws {
    for file in try files({ $0 == "CURRENT" }) { try FileManager.default.removeItem(at: file) }
    let before = try files { $0.hasSuffix(".ldb") }
    expectError(.corrupt) { _ = try open() }
    #expect(try files { $0.hasSuffix(".ldb") } == before)
  }

  @Test("reports a wrong CURRENT as corrupt", arguments: ["", "x", "MANIFEST-999999\n", "\n"])
  func wrongCurrent(_ text: String) throws {
    try change({ $0 == "CURRENT" }) { $0 = Data(text.utf8) }
    let error = expectError(.corrupt) { _ = try open() }
    #expect(error?.message.contains(configuration.path) == true)
  }

  @Test("reports a lost, an empty and a changed MANIFEST as corrupt")
  func wrongManifest() throws {
    let isManifest = { (name: String) in name.hasPrefix("MANIFEST") }
    // Behind the record's seven bytes of checksum, length and type.
    try change(isManifest) { $0[$0.startIndex + 10] ^= 1 }
    expectError(.corrupt) { _ = try open() }
    try change(isManifest) { $0 = Data() }
    expectError(.corrupt) { _ = try open() }
    for file in try files(isManifest) { try FileManager.default.removeItem(at: file) }
    expectError(.corrupt) { _ = try open() }
  }

  @Test("reports a changed log as corrupt")
  func changedLog() throws {
    try change({ $0.hasSuffix(".log") }) { $0[$0.startIndex + 100] ^= 0x10 }
    expectError(.corrupt) { _ = try open() }
  }

  @Test("keeps the whole batches of a log that was cut short", arguments: 0..<UInt64(8))
  func shortLog(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    try change({ $0.hasSuffix(".log") }) {
      $0 = $0.prefix(Int.random(in: 0..<$0.count, using: &generator))
    }
    let records = try open().records()
    #expect(records.count % 10 == 0 && (310..<400).contains(records.count), "seed \(seed)")
    #expect(records.allSatisfy { model[$0.key] == $0.value }, "seed \(seed)")
  }

  @Test("reports lost tables as corrupt")
  func lostTables() throws {
    for file in try files({ $0.hasSuffix(".ldb") }) { try FileManager.default.removeItem(at: file) }
    expectError(.corrupt) { _ = try open() }
  }

  @Test("reports a table cut short as corrupt", arguments: [0, 20, 1_000, 30_000])
  func shortTables(_ length: Int) throws {
    try change({ $0.hasSuffix(".ldb") }) { $0 = $0.prefix(length) }
    expectError(.corrupt) { _ = try open().records() }
    expectError(.corrupt) {
      let store = try open()
      for key in model.keys { _ = try store.get(key) }
    }
  }

  @Test(
    "gives the right records or says corrupt when a byte of a table is changed",
    arguments: 0..<UInt64(60))
  func changedTables(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    try change({ $0.hasSuffix(".ldb") }) { data in
      // Every third time near the end, where the index and the footer are.
      let length = seed % 3 == 0 ? min(200, data.count) : data.count
      let index = data.endIndex - Int.random(in: 1...length, using: &generator)
      data[index] ^= UInt8.random(in: 1...255, using: &generator)
    }
    var failures = 0
    func attempt(_ body: () throws -> Void) throws {
      do {
        try body()
      } catch let error as StoreError {
        failures += 1
        #expect(error.code == .corrupt, "seed \(seed): \(error)")
      }
    }
    try attempt {
      let store = try open()
      for (key, value) in model {
        try attempt {
          let found = try store.get(key)
          #expect(found == value, "seed \(seed)")
        }
      }
      for backwards in [false, true] {
        let expected = model.records()
        try attempt {
          let records = try store.records(backwards: backwards)
          #expect(records == (backwards ? expected.reversed() : expected), "seed \(seed)")
        }
      }
      for key in model.keys.prefix(50) {
        let iterator = try store.snapshot().iterator(in: .all)
        try attempt {
          try iterator.seek(to: key)
          #expect(iterator.key == key, "seed \(seed)")
        }
      }
    }
    // Hardly a byte of a table means nothing: those of the footer's padding alone.
    if seed % 3 != 0 { #expect(failures > 0, "seed \(seed)") }
  }
}
