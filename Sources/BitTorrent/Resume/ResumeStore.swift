package import KeyValueStore
package import Metainfo

/// Where resume records are kept: one value per torrent in a key-value store.
///
/// A record is replaced whole or not at all. Saving is not synced: it outlives the process, and
/// what a power cut may take is only that some pieces are hashed again.
package struct ResumeStore: Sendable {
  private static let records = KeySpace(0x72)
  private let store: any KeyValueStore

  /// The records in a store, which may hold other tables too.
  package init(_ store: any KeyValueStore) { self.store = store }
}

extension ResumeStore {
  /// The record of a torrent, or nil when there is none that can be read.
  package func load(_ hashes: InfoHashes) throws(StoreError) -> ResumeRecord? { nil }

  /// Every record that can be read.
  package func loadAll() throws(StoreError) -> [ResumeRecord] { [] }

  /// Replaces a torrent's record.
  package func save(_ record: ResumeRecord, sync: Bool = false) throws(StoreError) {}

  /// Forgets a torrent.
  package func remove(_ hashes: InfoHashes) throws(StoreError) {}
}
