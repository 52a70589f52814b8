internal import KeyValueStore
internal import TestSupport
internal import Testing

@Suite("Every store, under random use,")
struct StorePropertyTests {
  @Test(
    "agrees with a dictionary, at every snapshot and in every range",
    arguments: StoreKind.allCases, 0..<UInt64(12))
  func agreesWithModel(_ kind: StoreKind, _ seed: UInt64) throws {
    let directory = try TemporaryDirectory()
    var generator = SeededGenerator(seed: seed)
    let store = try kind.make(in: directory)
    var model = Model()
    var snapshots: [(any StoreSnapshot, Model)] = []
    for step in 0..<150 {
      var batch = WriteBatch()
      for _ in 0..<Int.random(in: 0...8, using: &generator) {
        let key = generator.key()
        if Int.random(in: 0..<3, using: &generator) == 0 {
          batch.delete(key)
          model[key] = nil
        } else {
          let value = generator.bytes(Int.random(in: 0...400, using: &generator))
          batch.put(key, value)
          model[key] = value
        }
      }
      try store.write(batch, sync: step % 50 == 49)
      switch Int.random(in: 0..<20, using: &generator) {
      case 0: snapshots.append((try store.snapshot(), model))
      case 1: try store.compact(.all)
      case 2 where !snapshots.isEmpty: snapshots.removeFirst()
      default: break
      }
      let key = generator.key()
      #expect(try store.get(key) == model[key], "seed \(seed), step \(step)")
    }
    snapshots.append((try store.snapshot(), model))
    for (snapshot, model) in snapshots {
      #expect(try snapshot.records() == model.records(), "seed \(seed)")
      for _ in 0..<10 {
        let range = KeyRange(from: generator.key(upTo: 2), upTo: generator.key(upTo: 2))
        let expected = model.records(in: range)
        #expect(try snapshot.records(in: range) == expected, "seed \(seed), \(range)")
        #expect(
          try snapshot.records(in: range, backwards: true) == expected.reversed(),
          "seed \(seed), \(range)")
        try walk(snapshot.iterator(in: range), expected, &generator, seed)
      }
    }
  }

  /// Moves at random and compares with an index into the sorted records.
  private func walk(
    _ iterator: StoreIterator, _ records: [Record], _ generator: inout SeededGenerator,
    _ seed: UInt64
  ) throws {
    var index: Int?
    for _ in 0..<30 {
      let key = generator.key()
      switch Int.random(in: 0..<6, using: &generator) {
      case 0:
        try iterator.seekToFirst()
        index = records.indices.first
      case 1:
        try iterator.seekToLast()
        index = records.indices.last
      case 2:
        try iterator.seek(to: key)
        index = records.firstIndex { !$0.key.lexicographicallyPrecedes(key) }
      case 3:
        try iterator.seekLast(atOrBefore: key)
        index = records.lastIndex { !key.lexicographicallyPrecedes($0.key) }
      case 4:
        try iterator.next()
        index = index.map { $0 + 1 }.flatMap { records.indices.contains($0) ? $0 : nil }
      default:
        try iterator.previous()
        index = index.map { $0 - 1 }.flatMap { records.indices.contains($0) ? $0 : nil }
      }
      #expect(iterator.key == index.map { records[$0].key }, "seed \(seed)")
      #expect(iterator.value == index.map { records[$0].value }, "seed \(seed)")
    }
  }
}
