package import KeyValueStore
package import Metainfo

/// Where a session keeps its torrents: a row and a metainfo or magnet link for each, beside the
/// resume records.
///
/// A torrent is added, changed and removed whole or not at all. Writing is not synced: it outlives
/// the process; a power cut may take the last moments.
package struct TorrentList: Sendable {
  private static let rows = KeySpace(0x74)
  private static let sources = KeySpace(0x6d)
  private let store: any KeyValueStore

  /// The torrents in a store, which may hold other tables too.
  package init(_ store: any KeyValueStore) { self.store = store }

  /// Every torrent's row that this version can read, with the infohash that it was added by.
  package func load() throws -> [(id: SHA1Hash, row: TorrentRow)] {
    var rows: [(SHA1Hash, TorrentRow)] = []
    try store.snapshot().forEach(in: Self.rows.range) { key, value in
      if let id = SHA1Hash(key.dropFirst()), let row = try? TorrentRow(decoding: [UInt8](value)) {
        rows.append((id, row))
      }
      return true
    }
    return rows
  }

  /// What a torrent was added from; nil when there is nothing that can be read.
  package func source(of id: SHA1Hash) throws(StoreError) -> TorrentSource? {
    guard let bytes = try store.get(Self.sources.key(id.bytes)), let kind = bytes.first else {
      return nil
    }
    let rest = Array(bytes.dropFirst())
    switch kind {
    case 1: return (try? Metainfo(bytes: rest)).map { .metainfo($0) }
    case 2: return (try? MagnetLink(String(decoding: rest, as: UTF8.self))).map { .magnet($0) }
    default: return nil
    }
  }

  /// Keeps a torrent, with its source where that is new.
  package func save(
    _ id: SHA1Hash, _ row: TorrentRow, source: TorrentSource? = nil
  ) throws(StoreError) {
    var batch = WriteBatch()
    batch.put(Self.rows.key(id.bytes), row.encoded)
    switch source {
    case .metainfo(let metainfo): batch.put(Self.sources.key(id.bytes), [1] + metainfo.encoded)
    case .magnet(let link): batch.put(Self.sources.key(id.bytes), [2] + link.description.utf8)
    case nil: break
    }
    try store.write(batch, sync: false)
  }

  /// Forgets a torrent.
  package func remove(_ id: SHA1Hash) throws(StoreError) {
    var batch = WriteBatch()
    batch.delete(Self.rows.key(id.bytes))
    batch.delete(Self.sources.key(id.bytes))
    try store.write(batch, sync: false)
  }
}
