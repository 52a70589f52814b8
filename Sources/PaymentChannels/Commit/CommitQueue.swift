package import KeyValueStore

/// Group commit: rows of all channels gather while a batch is being synced, newest only for each
/// key, and go together in the next one.
package struct CommitQueue: Sendable {
  /// The number of the batch that gathers now.
  package private(set) var gathering: UInt64 = 1
  /// Batches up to this number are on disk.
  package private(set) var synced: UInt64 = 0
  /// Why the store takes no more writes.
  package private(set) var failure: StoreError?

  private var rows: [[UInt8]: [UInt8]?] = [:]
  private var inFlight: UInt64?

  package init() {}

  /// Whether there is something to sync.
  package var isEmpty: Bool { rows.isEmpty }

  /// Whether a batch is being synced.
  package var isWriting: Bool { inFlight != nil }

  /// The number of the newest batch with rows in it.
  package var newest: UInt64 { rows.isEmpty ? gathering - 1 : gathering }

  /// Sets a row, or deletes it, and tells the batch that will hold it.
  @discardableResult
  package mutating func put(_ key: [UInt8], _ value: [UInt8]?) -> UInt64 {
    rows.updateValue(value, forKey: key)
    return gathering
  }

  /// The next batch to write with sync, or nil when there is none, one is being written, or the
  /// store failed.
  package mutating func begin() -> WriteBatch? {
    guard !rows.isEmpty, inFlight == nil, failure == nil else { return nil }
    var batch = WriteBatch(reservingCapacity: rows.count * 192)
    for (key, value) in rows {
      if let value { batch.put(key, value) } else { batch.delete(key) }
    }
    rows.removeAll(keepingCapacity: true)
    inFlight = gathering
    gathering += 1
    return batch
  }

  /// Takes note that the batch is on disk, or that the store failed: then nothing ever follows.
  package mutating func finish(_ error: StoreError?) {
    guard let written = inFlight else { return }
    inFlight = nil
    if let error { failure = error } else { synced = written }
  }
}
