package import KeyValueStore
package import Metainfo

/// Where resume records are kept: one value per torrent in a key-value store.
///
/// A record is replaced whole or not at all. Saving is not synced: it outlives the process, and
/// what a power cut may take is only that some pieces are hashed again.
package struct ResumeStore: Sendable {
  private static let records = KeySpace(0x72)
  let store: any KeyValueStore

  /// The records in a store, which may hold other tables too.
  package init(_ store: any KeyValueStore) { self.store = store }

  /// The record of a torrent; nil when there is none, or none that this version can read.
  package func load(_ hashes: InfoHashes) throws(StoreError) -> ResumeRecord? {
    for hash in hashes.wire {
      guard let bytes = try store.get(Self.records.key(hash.bytes)) else { continue }
      if let record = try? ResumeRecord(decoding: bytes), record.hashes.matches(hashes) {
        return record
      }
    }
    return nil
  }

  /// Every record that this version can read, in the order of their infohashes.
  package func loadAll() throws -> [ResumeRecord] {
    var records: [ResumeRecord] = []
    try store.snapshot().forEach(in: Self.records.range) { _, value in
      if let record = try? ResumeRecord(decoding: [UInt8](value)) { records.append(record) }
      return true
    }
    return records
  }

  /// Replaces a torrent's record.
  package func save(_ record: ResumeRecord, sync: Bool = false) throws(StoreError) {
    var batch = WriteBatch()
    batch.put(Self.records.key(record.hashes.primary.bytes), record.encoded)
    try store.write(batch, sync: sync)
  }

  /// Ends the use of the store, so that it can be opened again.
  package func close() { store.close() }

  /// Forgets a torrent.
  package func remove(_ hashes: InfoHashes) throws(StoreError) {
    var batch = WriteBatch()
    for hash in hashes.wire { batch.delete(Self.records.key(hash.bytes)) }
    try store.write(batch, sync: false)
  }
}
