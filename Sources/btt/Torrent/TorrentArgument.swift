internal import BitTorrent
internal import Metainfo

/// A torrent as it is named on the command line.
enum TorrentArgument {
  /// A magnet link, or the torrent file at a path.
  static func source(_ text: String) throws -> TorrentSource {
    if text.prefix(7).lowercased() == "magnet:" {
      do {
        return .magnet(try MagnetLink(text))
      } catch {
        throw CommandFailure(.invalidInput, "the magnet link cannot be used: \(error)")
      }
    }
    return .metainfo(try file(text))
  }
}
