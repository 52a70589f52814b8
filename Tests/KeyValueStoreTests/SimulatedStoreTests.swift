internal import KeyValueStore
internal import TestSupport
internal import Testing

@Suite("SimulatedStore")
struct SimulatedStoreTests {
  private func count(_ store: SimulatedStore) throws -> Int {
    let records = try store.records()
    // Batch n puts n and nothing else: what is left must be the first batches without a gap.
    #expect(records.map(\.key) == (0..<records.count).map { [UInt8($0)] })
    return records.count
  }

  @Test("loses only unsynced writes in a power cut, the last ones, whole batches at a time")
  func powerCut() throws {
    var survivors: Set<Int> = []
    for seed in UInt64(0)..<200 {
      var generator = SeededGenerator(seed: seed)
      let store = SimulatedStore()
      for index in UInt8(0)..<8 { try store.put([index], [1], sync: index == 3) }
      #expect(store.unsyncedCount == 4)
      let left = store.powerCut(using: &generator)
      survivors.insert(try count(left))
      expectError(.closed) { _ = try store.get([0]) }
    }
    #expect(survivors == [4, 5, 6, 7, 8])
  }

  @Test("tears no batch")
  func tearsNothing() throws {
    for seed in UInt64(0)..<100 {
      var generator = SeededGenerator(seed: seed)
      let store = SimulatedStore()
      for round in UInt8(0)..<4 {
        var batch = WriteBatch()
        for key in UInt8(0)..<9 { batch.put([key], [round]) }
        try store.write(batch, sync: false)
      }
      let records = try store.powerCut(using: &generator).records()
      #expect(records.isEmpty || records.count == 9, "seed \(seed)")
      #expect(Set(records.map(\.value)).count <= 1, "seed \(seed)")
    }
  }

  @Test("takes the same course from the same seed")
  func repeats() throws {
    func run(_ seed: UInt64) throws -> [Int] {
      var generator = SeededGenerator(seed: seed)
      return try (0..<20).map { _ in
        let store = SimulatedStore()
        for index in UInt8(0)..<9 { try store.put([index], []) }
        return try count(store.powerCut(using: &generator))
      }
    }
    #expect(try run(5) == run(5))
    #expect(try run(5) != run(6))
  }

  @Test("keeps what recovery found through the next power cut")
  func recoveryIsDurable() throws {
    var generator = SeededGenerator(seed: 0)
    let store = SimulatedStore()
    for index in UInt8(0)..<5 { try store.put([index], []) }
    let killed = store.kill()
    #expect(try count(killed) == 5)
    #expect(try count(killed.powerCut(using: &generator)) == 5)
  }

  @Test("keeps everything written when its process is killed, also after close")
  func kill() throws {
    let store = SimulatedStore()
    for index in UInt8(0)..<5 { try store.put([index], []) }
    store.close()
    #expect(try count(store.kill()) == 5)
  }

  @Test(
    "fails the chosen write, keeps nothing of it, and takes no more until opened again",
    arguments: [(SimulatedStore.Fault.diskFull, StoreError.Code.diskFull), (.io, .io)])
  func failsWrite(_ fault: SimulatedStore.Fault, _ code: StoreError.Code) throws {
    let store = SimulatedStore()
    store.fail(write: 2, with: fault)
    try store.put([0], [])
    try store.put([1], [])
    expectError(code) { try store.put([2], [], sync: true) }
    expectError(code) { try store.put([3], []) }
    #expect(store.writeCount == 3)
    #expect(try count(store) == 2)
    let opened = store.kill()
    #expect(try count(opened) == 2)
    try opened.put([2], [])
    #expect(try count(opened) == 3)
  }

  @Test("does not know after a failed sync whether the batch survives a power cut")
  func failsSync() throws {
    var survivors: Set<Int> = []
    for seed in UInt64(0)..<50 {
      var generator = SeededGenerator(seed: seed)
      let store = SimulatedStore()
      try store.put([0], [], sync: true)
      store.failNextWrite(with: .afterWriting)
      expectError(.io) { try store.put([1], [], sync: true) }
      #expect(try count(store) == 1)
      survivors.insert(try count(store.powerCut(using: &generator)))
      #expect(try count(store.kill()) == 2)
    }
    #expect(survivors == [1, 2])
  }
}
