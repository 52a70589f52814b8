package import Metainfo

/// All that a torrent needs to go on where it was: one record in a ``ResumeStore``.
package struct ResumeRecord: Equatable, Sendable {
  /// A file as it was when the record was made.
  package struct FileState: Equatable, Sendable {
    /// The file's length on disk in bytes; nil when it was not there.
    package var length: Int?
    /// When its bytes last changed, in nanoseconds since 1970; 0 when it was not there.
    package var modified: Int = 0
    /// Whether it is wanted at all, and how much.
    package var priority: UInt8 = 1
    /// Whether its bytes of shared pieces lie in the part file.
    package var isInPartFile = false
    /// Where it lies below the save path when it was renamed.
    package var renamedTo: [String]?

    /// A file that is not there.
    package init() {}
  }

  /// The torrent's infohashes.
  package var hashes: InfoHashes
  /// The folder that the torrent's files lie in.
  package var savePath: String
  /// The folder that the files were being moved to.
  package var movingTo: String?
  /// The pieces that are verified and written.
  package var have: Bitfield
  /// The verified pieces that also outlive a power cut.
  package var synced: Bitfield
  /// The blocks of unfinished pieces that are written, by piece.
  package var blocks: [Int: Bitfield] = [:]
  /// The torrent's files in order.
  package var files: [FileState]
  /// Names the time since the machine started; another one means that memory was lost.
  package var bootID: String = ""
  /// Whether files may have changed after the record was made: false after an orderly end.
  package var isDirty = true
  /// Bytes of payload received in all sessions.
  package var downloaded = 0
  /// Bytes of payload sent in all sessions.
  package var uploaded = 0
  /// Seconds of being active in all sessions.
  package var activeSeconds = 0
  /// When the torrent was added, in seconds since 1970.
  package var addedAt = 0
  /// When it was complete, in seconds since 1970; nil when it never was.
  package var completedAt: Int?
  /// The info dictionary, when it came by a magnet link.
  package var infoDictionary: [UInt8]?
  /// The piece layers that came from peers, by their file's index.
  package var pieceLayers: [Int: [UInt8]] = [:]

  /// A record of a torrent of which nothing is there.
  package init(hashes: InfoHashes, savePath: String, pieceCount: Int, fileCount: Int) {
    self.hashes = hashes
    self.savePath = savePath
    have = Bitfield(bitCount: pieceCount)
    synced = have
    files = Array(repeating: FileState(), count: fileCount)
  }
}
