internal import BitTorrent
internal import Metainfo

/// A torrent as it is named on the command line.
enum TorrentArgument {
  /// The longest torrent file that is read, in bytes.
  static let fileLimit = 10_000_000

  /// A magnet link, or the torrent file at a path.
  static func source(_ text: String) throws -> TorrentSource {
    if text.prefix(7).lowercased() == "magnet:" {
      do {
        return .magnet(try MagnetLink(text))
      } catch {
        throw CommandFailure(.invalidInput, "the magnet link cannot be used: \(error)")
      }
    }
    do {
      return .metainfo(try Metainfo(bytes: Files.read(text, limit: fileLimit)))
    } catch let error as MetainfoError {
      throw CommandFailure(
        .invalidInput, "\(text) is no torrent that can be used: \(error)",
        next: "check that it is the right file, and whole")
    }
  }
}
