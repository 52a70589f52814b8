internal import Metainfo

/// A torrent file that is named on the command line.
enum TorrentFileArgument {
  /// The longest that is read, in bytes.
  static let limit = 10_000_000

  /// Reads the torrent file at `path`, or from standard input for `-`.
  static func read(_ path: String) throws -> Metainfo {
    let bytes = try Files.read(path, limit: limit)
    do {
      return try Metainfo(bytes: bytes)
    } catch {
      throw CommandFailure(
        .invalidInput, "\(path) is no torrent that can be used: \(error)",
        next: "check that it is the right file, and whole")
    }
  }
}
