public import KeyValueStore

extension LevelDBStore.Configuration {
  /// The books of one key, in a store of their own at `path`.
  ///
  /// A channel's rows are written over and over, so little is ever live. Small buffers keep what
  /// waits to be compacted, and with it the files on disk, below 16 MiB whatever is paid.
  public static func channelBooks(at path: String) -> Self {
    var configuration = Self(path: path)
    configuration.writeBufferBytes = 2 << 20
    configuration.blockCacheBytes = 4 << 20
    return configuration
  }
}
