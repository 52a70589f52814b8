/// How a torrent's storage behaves.
public struct StorageConfiguration: Sendable {
  /// The folder that the torrent's files are put in; it is created when it is not there.
  public var directory: String
  /// How many bytes of blocks a crash may lose: those that wait in memory, and those on disk that
  /// the resume record does not have yet; at least 1 MiB.
  ///
  /// When memory has its share of that, peers are no longer read.
  public var storeBytes = 16 << 20
  /// How many files are kept open; at least 1.
  public var openFiles = 64
  /// Whether files get all their room on disk when they are created, instead of growing.
  public var preallocates = false
  /// How long after a failure writing is tried again.
  public var retryInterval: Duration = .seconds(1)
  /// After how many newly written bytes the resume record is brought up to date.
  public var recordBytes = 4 << 20
  /// Names the time since the machine was started: what was written in an earlier one and never
  /// synced is hashed again.
  package var bootID = BootID.current

  /// How many bytes of blocks may wait in memory.
  var memoryBytes: Int {
    let bound = max(storeBytes, 1 << 20)
    return max(bound - recordBytes, bound / 2)
  }

  /// The defaults, in a folder.
  public init(directory: String) { self.directory = directory }
}
