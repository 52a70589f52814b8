public import Metainfo

/// All that a torrent needs to go on where it was: one record in a ``ResumeStore``.
public struct ResumeRecord: Equatable, Sendable {
  /// A file as it was when the record was made.
  public struct FileState: Equatable, Sendable {
    /// The file's length on disk in bytes; nil when it was not there.
    public var length: Int?
    /// When its bytes last changed, in nanoseconds since 1970; 0 when it was not there.
    public var modified: Int = 0
    /// Whether it is wanted at all, and how much.
    public var priority: UInt8 = 1
    /// Whether its bytes of shared pieces lie in the part file.
    public var isInPartFile = false
    /// Where it lies below the save path when it was renamed.
    public var renamedTo: [String]?

    /// A file that is not there.
    public init() {}
  }

  /// The torrent's infohashes.
  public var hashes: InfoHashes
  /// The folder that the torrent's files lie in.
  public var savePath: String
  /// The folder that the files were being moved to.
  public var movingTo: String?
  /// The pieces that are verified and written.
  public var have: Bitfield
  /// The verified pieces that also outlive a power cut.
  public var synced: Bitfield
  /// The blocks of unfinished pieces that are written, by piece.
  public var blocks: [Int: Bitfield] = [:]
  /// The torrent's files in order.
  public var files: [FileState]
  /// Names the time since the machine started; another one means that memory was lost.
  public var bootID: String = ""
  /// Whether files may have changed after the record was made: false after an orderly end.
  public var isDirty = true
  /// Bytes of payload received in all sessions.
  public var downloaded = 0
  /// Bytes of payload sent in all sessions.
  public var uploaded = 0
  /// Seconds of being active in all sessions.
  public var activeSeconds = 0
  /// When the torrent was added, in seconds since 1970.
  public var addedAt = 0
  /// When it was complete, in seconds since 1970; nil when it never was.
  public var completedAt: Int?
  /// The info dictionary, when it came by a magnet link.
  public var infoDictionary: [UInt8]?
  /// The piece layers that came from peers, by their file's index.
  public var pieceLayers: [Int: [UInt8]] = [:]

  /// A record of a torrent of which nothing is there.
  public init(hashes: InfoHashes, savePath: String, pieceCount: Int, fileCount: Int) {
    self.hashes = hashes
    self.savePath = savePath
    have = Bitfield(bitCount: pieceCount)
    synced = have
    files = Array(repeating: FileState(), count: fileCount)
  }

  /// Takes over what does not depend on where the files are.
  mutating func takeStatistics(of other: ResumeRecord) {
    downloaded = other.downloaded
    uploaded = other.uploaded
    activeSeconds = other.activeSeconds
    addedAt = other.addedAt
    completedAt = other.completedAt
    infoDictionary = other.infoDictionary
    pieceLayers = other.pieceLayers
  }
}
