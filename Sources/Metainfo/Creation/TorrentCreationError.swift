/// Why no torrent could be made.
public enum TorrentCreationError: Error, Equatable, Sendable {
  /// A file or folder cannot be read; with the system's reason.
  case unreadable(path: String, reason: String)
  /// There is nothing in the folder that has any bytes.
  case empty(path: String)
  /// A name that other systems cannot store, or would store as another.
  case unusableName(path: String)
  /// A link that leads neither into the folder nor to a file.
  case link(path: String)
  /// A file became shorter or longer while it was read.
  case changed(path: String)
  /// The piece length is out of bounds, or, for v2, no power of two of at least 16 KiB.
  case invalidPieceLength(Int)
  /// The torrent would be larger than torrents may be.
  case refused(MetainfoError)
  /// The caller stopped it.
  case cancelled
}

extension TorrentCreationError: CustomStringConvertible {
  /// What happened, and what to do next.
  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
    case .empty(let path): "nothing to share in \(path): it has no files with any bytes"
    case .unusableName(let path):
      "the name of \(path) cannot be kept on every system, or meets another's; rename it"
    case .link(let path): "the link \(path) leads out of the folder, to no file; remove it"
    case .changed(let path): "\(path) changed while it was read; try again when it is at rest"
    case .invalidPieceLength(let length):
      "invalid piece length \(length): use a power of two from 16384 to 268435456"
    case .refused(let error): "the torrent would not be valid: \(error)"
    case .cancelled: "cancelled"
    }
  }
}
