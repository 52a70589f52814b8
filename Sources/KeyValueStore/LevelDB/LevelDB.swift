// The one file that speaks to LevelDB's C interface.
//
// LevelDB's handles may be used from many threads, iterators apart. Each is owned by one object
// and freed in its deinit; snapshots and iterators hold on to their database, so that handles are
// always freed in the order LevelDB demands.

internal import CLevelDB
internal import Synchronization

/// An open database; closed when the last reference goes.
final class LevelDBDatabase: Sendable {
  let path: String
  private nonisolated(unsafe) let handle: OpaquePointer
  private nonisolated(unsafe) let cache: OpaquePointer?
  private nonisolated(unsafe) let filter: OpaquePointer?
  private nonisolated(unsafe) let latestRead: OpaquePointer?
  private nonisolated(unsafe) let lazyWrite: OpaquePointer?
  private nonisolated(unsafe) let syncedWrite: OpaquePointer?
  private let failedWrite = Mutex<StoreError?>(nil)
  private let hasFailed = Atomic(false)
  private let hasUnsyncedWrites = Atomic(false)

  init(_ configuration: LevelDBStore.Configuration) throws(StoreError) {
    let options = leveldb_options_create()
    defer { leveldb_options_destroy(options) }
    let cache = leveldb_cache_create_lru(max(0, configuration.blockCacheBytes))
    let filter =
      configuration.bloomBits > 0
      ? leveldb_filterpolicy_create_bloom(Int32(clamping: configuration.bloomBits)) : nil
    leveldb_options_set_create_if_missing(options, configuration.createIfMissing ? 1 : 0)
    leveldb_options_set_cache(options, cache)
    leveldb_options_set_filter_policy(options, filter)
    leveldb_options_set_write_buffer_size(options, max(0, configuration.writeBufferBytes))
    leveldb_options_set_max_open_files(options, Int32(clamping: configuration.maximumOpenFiles))
    leveldb_options_set_paranoid_checks(options, configuration.paranoidChecks ? 1 : 0)
    let compression =
      configuration.compresses ? leveldb_snappy_compression : leveldb_no_compression
    leveldb_options_set_compression(options, Int32(compression))

    var error: UnsafeMutablePointer<CChar>?
    guard let handle = leveldb_open(options, configuration.path, &error) else {
      leveldb_filterpolicy_destroy(filter)
      leveldb_cache_destroy(cache)
      throw StoreError.taking(error, path: configuration.path) ?? .closed(configuration.path)
    }
    path = configuration.path
    self.handle = handle
    self.cache = cache
    self.filter = filter
    latestRead = makeReadOptions(snapshot: nil)
    lazyWrite = leveldb_writeoptions_create()
    syncedWrite = leveldb_writeoptions_create()
    leveldb_writeoptions_set_sync(syncedWrite, 1)
  }

  deinit {
    leveldb_close(handle)
    leveldb_writeoptions_destroy(lazyWrite)
    leveldb_writeoptions_destroy(syncedWrite)
    leveldb_readoptions_destroy(latestRead)
    if let filter { leveldb_filterpolicy_destroy(filter) }
    leveldb_cache_destroy(cache)
  }

  /// The value of `key` as seen with `snapshot`'s read options, or now.
  func get(
    _ key: UnsafeRawBufferPointer, snapshot: OpaquePointer?
  ) throws(StoreError) -> [UInt8]? {
    var error: UnsafeMutablePointer<CChar>?
    var count = 0
    let value = leveldb_get(
      handle, snapshot ?? latestRead, key.start, key.count, &count, &error)
    if let error = StoreError.taking(error, path: path) { throw error }
    guard let value else { return nil }
    defer { leveldb_free(value) }
    return [UInt8](UnsafeRawBufferPointer(start: value, count: count))
  }

  func write(_ batch: WriteBatch, sync: Bool) throws(StoreError) {
    guard batch.byteCount <= WriteBatch.maximumByteCount else {
      throw .tooLarge(path, batch.byteCount)
    }
    if hasFailed.load(ordering: .acquiring), let cause = failedWrite.withLock({ $0 }) {
      throw .refused(path, after: cause)
    }
    let native = leveldb_writebatch_create()
    defer { leveldb_writebatch_destroy(native) }
    batch.forEach { key, value in
      if let value {
        leveldb_writebatch_put(native, key.start, key.count, value.start, value.count)
      } else {
        leveldb_writebatch_delete(native, key.start, key.count)
      }
    }
    do throws(StoreError) {
      if sync, hasUnsyncedWrites.exchange(false, ordering: .acquiringAndReleasing) {
        try LevelDBFiles.syncLogs(of: path)
      }
      var error: UnsafeMutablePointer<CChar>?
      leveldb_write(handle, sync ? syncedWrite : lazyWrite, native, &error)
      if let error = StoreError.taking(error, path: path) { throw error }
      // Set after the write: a sync that starts now must find it.
      if !sync { hasUnsyncedWrites.store(true, ordering: .releasing) }
    } catch {
      // LevelDB would go on writing behind a half-written record and lose all that follows it.
      failedWrite.withLock { $0 = $0 ?? error }
      hasFailed.store(true, ordering: .releasing)
      throw error
    }
  }

  func approximateSize(of range: KeyRange) -> UInt64 {
    // LevelDB wants an end: no key of ours begins with this many high bytes.
    let upper = range.upper ?? [UInt8](repeating: 0xff, count: 256)
    var size: UInt64 = 0
    range.lower.withBytes { lower in
      upper.withBytes { upper in
        var (start, startCount) = (Optional(lower.start), lower.count)
        var (limit, limitCount) = (Optional(upper.start), upper.count)
        leveldb_approximate_sizes(handle, 1, &start, &startCount, &limit, &limitCount, &size)
      }
    }
    return size
  }

  func compact(_ range: KeyRange) {
    range.lower.withBytes { lower in
      guard let upper = range.upper else {
        return leveldb_compact_range(handle, lower.start, lower.count, nil, 0)
      }
      upper.withBytes { upper in
        leveldb_compact_range(handle, lower.start, lower.count, upper.start, upper.count)
      }
    }
  }

  fileprivate func makeSnapshot() -> OpaquePointer? { leveldb_create_snapshot(handle) }

  fileprivate func release(_ snapshot: OpaquePointer?) {
    leveldb_release_snapshot(handle, snapshot)
  }

  fileprivate func makeIterator(_ options: OpaquePointer?) -> OpaquePointer? {
    leveldb_create_iterator(handle, options)
  }
}

/// A snapshot of an open database.
final class LevelDBSnapshot: StoreSnapshot {
  private let database: LevelDBDatabase
  private nonisolated(unsafe) let handle: OpaquePointer?
  private nonisolated(unsafe) let readOptions: OpaquePointer?

  init(of database: LevelDBDatabase) {
    self.database = database
    handle = database.makeSnapshot()
    readOptions = makeReadOptions(snapshot: handle)
  }

  deinit {
    leveldb_readoptions_destroy(readOptions)
    database.release(handle)
  }

  func get(_ key: UnsafeRawBufferPointer) throws(StoreError) -> [UInt8]? {
    try database.get(key, snapshot: readOptions)
  }

  func iterator(in range: KeyRange) -> StoreIterator {
    let cursor = LevelDBCursor(
      snapshot: self, path: database.path, handle: database.makeIterator(readOptions))
    return StoreIterator(range: range, cursor: cursor)
  }
}

/// A position in a snapshot.
private final class LevelDBCursor: StoreCursor {
  private let snapshot: LevelDBSnapshot
  private let path: String
  private let handle: OpaquePointer?

  init(snapshot: LevelDBSnapshot, path: String, handle: OpaquePointer?) {
    self.snapshot = snapshot
    self.path = path
    self.handle = handle
  }

  deinit { leveldb_iter_destroy(handle) }

  var isValid: Bool { leveldb_iter_valid(handle) != 0 }

  func seekToFirst() throws(StoreError) {
    leveldb_iter_seek_to_first(handle)
    try check()
  }

  func seekToLast() throws(StoreError) {
    leveldb_iter_seek_to_last(handle)
    try check()
  }

  func seek(to key: UnsafeRawBufferPointer) throws(StoreError) {
    leveldb_iter_seek(handle, key.start, key.count)
    try check()
  }

  func next() throws(StoreError) {
    leveldb_iter_next(handle)
    try check()
  }

  func previous() throws(StoreError) {
    leveldb_iter_prev(handle)
    try check()
  }

  func withRecord(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void) {
    var keyCount = 0
    var valueCount = 0
    let key = leveldb_iter_key(handle, &keyCount)
    let value = leveldb_iter_value(handle, &valueCount)
    body(
      UnsafeRawBufferPointer(start: key, count: keyCount),
      UnsafeRawBufferPointer(start: value, count: valueCount))
  }

  // At every step, not only at the end: LevelDB passes over a block that it cannot read, stays
  // valid at a later record, and only notes the error.
  private func check() throws(StoreError) {
    var error: UnsafeMutablePointer<CChar>?
    leveldb_iter_get_error(handle, &error)
    if let error = StoreError.taking(error, path: path) { throw error }
  }
}

private func makeReadOptions(snapshot: OpaquePointer?) -> OpaquePointer? {
  let options = leveldb_readoptions_create()
  leveldb_readoptions_set_verify_checksums(options, 1)
  leveldb_readoptions_set_snapshot(options, snapshot)
  return options
}

extension StoreError {
  /// The error of a C call, whose text is freed here, or nil when there was none.
  fileprivate static func taking(
    _ text: UnsafeMutablePointer<CChar>?, path: String
  ) -> StoreError? {
    guard let text else { return nil }
    defer { leveldb_free(text) }
    return StoreError(levelDB: String(cString: text), path: path)
  }
}

/// LevelDB makes a slice of every pointer it is given, which must not be null even when empty.
private let emptyBytes: StaticString = ""

extension UnsafeRawBufferPointer {
  fileprivate var start: UnsafePointer<CChar> {
    (baseAddress ?? UnsafeRawPointer(emptyBytes.utf8Start)).assumingMemoryBound(to: CChar.self)
  }
}
