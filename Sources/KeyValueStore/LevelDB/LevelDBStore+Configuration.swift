extension LevelDBStore {
  /// Where a database lies and how much memory and care it gets.
  public struct Configuration: Sendable {
    /// The directory of the database; its parent must exist.
    public var path: String

    /// Whether a database is made when the directory holds none.
    public var createIfMissing = true

    /// Bytes of uncompressed blocks kept in memory.
    public var blockCacheBytes = 64 << 20

    /// Bytes of new records gathered in memory and in the log before they go to a table; up to
    /// twice this much memory is used.
    public var writeBufferBytes = 16 << 20

    /// Bits per key of the filters that spare most reads of absent keys, 0 for no filters.
    public var bloomBits = 10

    /// Files held open at once, 74 or more.
    public var maximumOpenFiles = 500

    /// Whether blocks are compressed with Snappy.
    public var compresses = true

    /// Whether opening fails, rather than drops records, when the log or the list of files is
    /// damaged, and whether the checksums of tables' indexes and filters are verified too.
    ///
    /// Those of the records themselves are verified by every read regardless.
    public var paranoidChecks = true

    /// The database at `path` with every other setting at its default.
    public init(path: String) { self.path = path }
  }
}
