internal import KeyValueStore
internal import TestSupport
internal import Testing

@Suite("WriteBatch")
struct WriteBatchTests {
  private func records(_ batch: WriteBatch) -> [String] {
    var records: [String] = []
    batch.forEach { key, value in
      records.append("\([UInt8](key)) \(value.map { "\([UInt8]($0))" } ?? "deleted")")
    }
    return records
  }

  @Test("gives its records back in order, deletes apart from empty values")
  func keepsRecords() {
    var batch = WriteBatch(reservingCapacity: 100)
    #expect(batch.isEmpty)
    batch.put([1, 2], [3])
    batch.put([], [])
    batch.delete([4])
    batch.delete([])
    [UInt8]([5]).withUnsafeBytes { bytes in
      batch.put(bytes, bytes)
      batch.delete(bytes)
    }
    #expect(batch.count == 6)
    #expect(
      records(batch) == [
        "[1, 2] [3]", "[] []", "[4] deleted", "[] deleted", "[5] [5]", "[5] deleted",
      ])
  }

  @Test("is a value: a copy does not see later records")
  func isValue() {
    var batch = WriteBatch()
    batch.put([1], [1])
    let copy = batch
    batch.delete([1])
    #expect(records(copy) == ["[1] [1]"])
    #expect(batch.byteCount > copy.byteCount)
  }

  @Test("appends another batch and can be emptied")
  func appendsAndEmpties() {
    var batch = WriteBatch()
    batch.put([1], [1])
    var other = WriteBatch()
    other.delete([2])
    batch.append(other)
    #expect(records(batch) == ["[1] [1]", "[2] deleted"])
    batch.removeAll()
    #expect(batch.isEmpty && batch.byteCount == 0 && records(batch).isEmpty)
  }
}

@Suite("KeyRange")
struct KeyRangeTests {
  @Test(
    "of a prefix ends where the next prefix begins",
    arguments: [
      ([], nil), ([1], [2]), ([1, 0xff], [2]), ([0xff], nil), ([0xff, 0xff], nil),
      ([0xff, 0, 0xff], [0xff, 1]),
    ] as [([UInt8], [UInt8]?)])
  func prefixEnds(_ prefix: [UInt8], _ upper: [UInt8]?) {
    #expect(KeyRange.prefix(prefix) == KeyRange(from: prefix, upTo: upper))
  }

  @Test("of a prefix contains exactly the keys that begin with it", arguments: 0..<UInt64(20))
  func prefixContains(_ seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      let (prefix, key) = (generator.key(upTo: 2), generator.key())
      #expect(
        KeyRange.prefix(prefix).contains(key) == key.starts(with: prefix),
        "seed \(seed): \(prefix), \(key)")
    }
  }
}

@Suite("KeySpace")
struct KeySpaceTests {
  let space = KeySpace(UInt8(ascii: "h"))

  @Test("writes its byte, the bytes and the number big-endian")
  func writesKeys() {
    #expect(space.key([1, 2]) == [0x68, 1, 2])
    #expect(space.key(258) == [0x68, 0, 0, 0, 0, 0, 0, 1, 2])
    #expect(space.key([9], .max) == [0x68, 9] + [UInt8](repeating: 0xff, count: 8))
  }

  @Test("sorts keys as their numbers")
  func sortsNumbers() {
    let numbers: [UInt64] = [0, 1, 255, 256, 65_535, 1 << 32, .max]
    for (low, high) in zip(numbers, numbers.dropFirst()) {
      #expect(space.key(low).lexicographicallyPrecedes(space.key(high)))
    }
  }

  @Test("spans its own keys and no others")
  func spansKeys() {
    #expect(space.range.contains(space.key(.max)))
    #expect(space.range([7]).contains(space.key([7], 1)))
    #expect(!space.range([7]).contains(space.key([8])))
    #expect(!space.range.contains(KeySpace(UInt8(ascii: "i")).key(0)))
  }
}
