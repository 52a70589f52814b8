internal import Synchronization

/// A ``KeyValueStore`` on disk, by LevelDB.
///
/// One store at a time can have a database open, in this process or any other.
///
/// The kernel need not write the logs of unsynced batches in order, so a power cut may keep a later
/// one of them and lose an earlier, or leave a log that ``Configuration/paranoidChecks`` refuses.
/// Sync whatever later batches build on.
public final class LevelDBStore: KeyValueStore {
  /// The settings the store was opened with.
  public let configuration: Configuration

  // A call takes its own reference, so that a concurrent close only ends the database's life
  // when the call is done, and no lock is held during the call.
  private let database: Mutex<LevelDBDatabase?>

  /// Opens the database, and makes it first if it is missing and may be made.
  public init(configuration: Configuration) throws(StoreError) {
    try LevelDBFiles.check(configuration)
    self.configuration = configuration
    database = Mutex(try LevelDBDatabase(configuration))
  }

  /// The value of the key whose bytes are `key`, or nil when there is none.
  public func get(_ key: UnsafeRawBufferPointer) throws(StoreError) -> [UInt8]? {
    try open().get(key, snapshot: nil)
  }

  /// Applies `batch` whole or not at all.
  public func write(_ batch: WriteBatch, sync: Bool) throws(StoreError) {
    try open().write(batch, sync: sync)
  }

  /// A view of the database as it is now.
  public func snapshot() throws(StoreError) -> any StoreSnapshot {
    LevelDBSnapshot(of: try open())
  }

  /// Refuses every later call; the files are closed when the last snapshot or iterator is gone.
  public func close() {
    let last = database.withLock { database in
      defer { database = nil }
      return database
    }
    // Here, outside the lock, LevelDB may wait for a compaction to end.
    _ = consume last
  }

  /// About how many bytes the records of `range` take on disk; recent writes may not be counted.
  public func approximateSize(of range: KeyRange) throws(StoreError) -> UInt64 {
    try open().approximateSize(of: range)
  }

  /// Rewrites the files that hold `range` without deleted and overwritten records.
  public func compact(_ range: KeyRange) throws(StoreError) {
    try open().compact(range)
  }

  private func open() throws(StoreError) -> LevelDBDatabase {
    guard let database = database.withLock({ $0 }) else {
      throw .closed(configuration.path)
    }
    return database
  }
}
