internal import CReference
internal import KeyValueStore

/// Batched writes and random reads through `KeyValueStore` against LevelDB's C calls.
enum StoreBenchmark {
  private static let keySize = 33
  private static let valueSize = 64
  private static let batchCount = 1_000
  private static let cache = 32 << 20
  private static let writeBuffer = 16 << 20

  static func run(_ settings: Settings, _ report: inout Report) throws {
    let count = settings.count(100_000, quick: 2_000)
    let rounds = settings.count(9, quick: 1)
    let scratch = try Scratch()
    var random = Sequence64(seed: 2)
    let size = keySize + valueSize
    let records = random.bytes(count * size)
    let order = (0..<count).shuffled(using: &random)
    let keys = order.flatMap { records[($0 * size)..<($0 * size + keySize)] }

    var configuration = LevelDBStore.Configuration(path: scratch.path("ours"))
    configuration.blockCacheBytes = cache
    configuration.writeBufferBytes = writeBuffer
    let ours = try LevelDBStore(configuration: configuration)
    defer { ours.close() }
    guard let reference = reference_db_open(scratch.path("reference"), cache, writeBuffer) else {
      throw BenchError("cannot open LevelDB in \(scratch.path)")
    }
    defer { reference_db_close(reference) }

    let writes = try Timing.interleaved(rounds: rounds) {
      try write(records, count: count, to: ours)
    } _: {
      try require(
        reference_db_write(reference, records, keySize, valueSize, count, batchCount) == count,
        "the reference cannot write")
    }
    report.add(
      "store: writes in batches of 1 000", ours: Double(count) / writes.ours,
      reference: Double(count) / writes.reference, unit: "/s", atLeast: 0.9)

    // Both tables in the same state, with nothing left to be compacted while reads are timed.
    try ours.compact(.all)
    reference_db_compact(reference)
    let reads = try Timing.interleaved(rounds: rounds) {
      try require(try read(keys, count: count, from: ours) == count, "a record is missing")
    } _: {
      try require(
        reference_db_read(reference, keys, keySize, count) == count,
        "a record of the reference is missing")
    }
    report.add(
      "store: random reads", ours: Double(count) / reads.ours,
      reference: Double(count) / reads.reference, unit: "/s", atLeast: 0.9)
  }

  private static func write(_ records: [UInt8], count: Int, to store: LevelDBStore) throws {
    var batch = WriteBatch()
    try records.withUnsafeBytes { bytes in
      for index in 0..<count {
        let start = index * (keySize + valueSize)
        let valueStart = start + keySize
        batch.put(
          UnsafeRawBufferPointer(rebasing: bytes[start..<valueStart]),
          UnsafeRawBufferPointer(rebasing: bytes[valueStart..<(valueStart + valueSize)]))
        if batch.count == batchCount || index == count - 1 {
          try store.write(batch, sync: index == count - 1)
          batch.removeAll()
        }
      }
    }
  }

  private static func read(_ keys: [UInt8], count: Int, from store: LevelDBStore) throws -> Int {
    try keys.withUnsafeBytes { bytes in
      var found = 0
      for index in 0..<count {
        let key = bytes[(index * keySize)..<((index + 1) * keySize)]
        if let value = try store.get(UnsafeRawBufferPointer(rebasing: key)), !value.isEmpty {
          found += 1
        }
      }
      return found
    }
  }
}
