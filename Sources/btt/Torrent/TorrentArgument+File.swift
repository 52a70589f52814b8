internal import Metainfo

extension TorrentArgument {
  /// The longest torrent file that is read, in bytes.
  static let fileLimit = 10_000_000

  /// Reads the torrent file at `path`, or from standard input for `-`.
  static func file(_ path: String) throws -> Metainfo {
    let bytes = try Files.read(path, limit: fileLimit)
    do {
      return try Metainfo(bytes: bytes)
    } catch {
      throw CommandFailure(
        .invalidInput, "\(path) is no torrent that can be used: \(error)",
        next: "check that it is the right file, and whole")
    }
  }
}
