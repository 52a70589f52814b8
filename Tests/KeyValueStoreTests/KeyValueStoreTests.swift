internal import KeyValueStore
internal import TestSupport
internal import Testing

@Suite("Every store")
struct KeyValueStoreTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test(
    "gives back what was put, last value first, and nothing that was deleted",
    arguments: StoreKind.allCases)
  func putsAndDeletes(_ kind: StoreKind) throws {
    let store = try kind.make(in: directory)
    #expect(try store.get([1]) == nil)
    try store.put([1], [10])
    try store.put([2], [])
    try store.put([], [30])
    #expect(try store.get([1]) == [10])
    #expect(try store.get([2]) == [])
    #expect(try store.get([]) == [30])
    try store.put([1], [11])
    #expect(try store.get([1]) == [11])
    try store.delete([1])
    try store.delete([9])
    #expect(try store.get([1]) == nil)
    #expect(try store.records() == [Record([], [30]), Record([2], [])])
  }

  @Test("applies the records of a batch in their order", arguments: StoreKind.allCases)
  func appliesInOrder(_ kind: StoreKind) throws {
    let store = try kind.make(in: directory)
    var batch = WriteBatch()
    batch.put([1], [1])
    batch.delete([1])
    batch.put([2], [1])
    batch.put([2], [2])
    batch.delete([3])
    batch.put([3], [3])
    try store.write(batch, sync: true)
    #expect(try store.records() == [Record([2], [2]), Record([3], [3])])
  }

  @Test("takes an empty batch", arguments: StoreKind.allCases)
  func takesEmptyBatch(_ kind: StoreKind) throws {
    let store = try kind.make(in: directory)
    try store.write(WriteBatch(), sync: true)
    #expect(try store.records().isEmpty)
  }

  @Test("keeps long values and keys", arguments: StoreKind.allCases)
  func keepsLongRecords(_ kind: StoreKind) throws {
    let store = try kind.make(in: directory)
    var generator = SeededGenerator(seed: 1)
    let (key, value) = (generator.bytes(5_000), generator.bytes(300_000))
    try store.put(key, value, sync: true)
    try store.compact(.all)
    #expect(try store.get(key) == value)
  }

  @Test("orders keys by unsigned bytes, a prefix first", arguments: StoreKind.allCases)
  func ordersKeys(_ kind: StoreKind) throws {
    let store = try kind.make(in: directory)
    let keys: [[UInt8]] = [[], [0], [0, 0], [0, 0xff], [1], [0x7f], [0x80], [0xff], [0xff, 0]]
    for key in keys.shuffled() { try store.put(key, key) }
    #expect(try store.records().map(\.key) == keys)
    #expect(try store.records(backwards: true).map(\.key) == keys.reversed())
  }

  @Test("does not show a snapshot what is written later", arguments: StoreKind.allCases)
  func isolatesSnapshots(_ kind: StoreKind) throws {
    let store = try kind.make(in: directory)
    try store.put([1], [1])
    try store.put([2], [2])
    let before = try store.snapshot()
    try store.put([1], [11])
    try store.delete([2])
    try store.put([3], [3])
    try store.compact(.all)
    #expect(try before.get([1]) == [1])
    #expect(try before.get([2]) == [2])
    #expect(try before.get([3]) == nil)
    #expect(try before.records() == [Record([1], [1]), Record([2], [2])])
    #expect(try store.records() == [Record([1], [11]), Record([3], [3])])
  }

  @Test(
    "answers every call after close with closed, and keeps snapshots readable",
    arguments: StoreKind.allCases)
  func closes(_ kind: StoreKind) throws {
    let store = try kind.make(in: directory)
    try store.put([1], [1])
    let snapshot = try store.snapshot()
    let iterator = snapshot.iterator(in: .all)
    store.close()
    store.close()
    expectError(.closed) { _ = try store.get([1]) }
    expectError(.closed) { try store.put([2], [2]) }
    expectError(.closed) { _ = try store.snapshot() }
    expectError(.closed) { _ = try store.approximateSize(of: .all) }
    expectError(.closed) { try store.compact(.all) }
    #expect(try snapshot.get([1]) == [1])
    #expect(try iterator.seekToFirst())
    #expect(iterator.value == [1])
  }

  @Test(
    "keeps an iterator readable whose store and snapshot nobody else holds",
    arguments: StoreKind.allCases)
  func iteratorOutlivesStore(_ kind: StoreKind) throws {
    func makeIterator() throws -> StoreIterator {
      let store = try kind.make(in: directory)
      try store.put([1], [1])
      return try store.snapshot().iterator(in: .all)
    }
    let iterator = try makeIterator()
    #expect(try iterator.seekToLast())
    #expect(iterator.key == [1])
  }

  @Test("reports about how much a range takes", arguments: StoreKind.allCases)
  func measuresRanges(_ kind: StoreKind) throws {
    let store = try kind.make(in: directory)
    var generator = SeededGenerator(seed: 2)
    var batch = WriteBatch()
    for index in 0..<100 { batch.put([1, UInt8(index)], generator.bytes(1_000)) }
    try store.write(batch, sync: false)
    try store.compact(.all)
    #expect((90_000...120_000).contains(try store.approximateSize(of: .prefix([1]))))
    #expect((90_000...120_000).contains(try store.approximateSize(of: .all)))
    #expect(try store.approximateSize(of: .prefix([2])) < 10_000)
  }

  @Test("shows readers on other threads whole batches only", arguments: StoreKind.allCases)
  func showsWholeBatches(_ kind: StoreKind) async throws {
    let store = try kind.make(in: directory)
    func batch(_ round: Int) -> WriteBatch {
      var batch = WriteBatch()
      for key in 0..<20 { batch.put([UInt8(key)], [UInt8(round)]) }
      return batch
    }
    try store.write(batch(0), sync: false)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for round in 1..<200 { try store.write(batch(round), sync: false) }
      }
      for _ in 0..<3 {
        group.addTask {
          for _ in 0..<100 {
            let values = try store.snapshot().records().map(\.value)
            #expect(values.count == 20 && Set(values).count == 1)
          }
        }
      }
      try await group.waitForAll()
    }
  }

  @Test("survives a close in the middle of other threads' calls", arguments: StoreKind.allCases)
  func closesUnderUse(_ kind: StoreKind) async throws {
    let store = try kind.make(in: directory)
    try store.put([1], [1])
    let calls = Counter()
    await withTaskGroup(of: Void.self) { group in
      for task in UInt8(0)..<4 {
        group.addTask {
          let error = #expect(throws: StoreError.self) {
            while true {
              let count = calls.next()
              // Whichever task comes to it, for there may be fewer threads than tasks.
              if count == 100 { store.close() }
              let value = try store.get([1])
              let records = try store.records()
              if value != [1] || records.first != Record([1], [1]) { return }
              try store.put([2, task], [UInt8(truncatingIfNeeded: count)])
            }
          }
          #expect(error?.code == .closed)
        }
      }
    }
  }
}
