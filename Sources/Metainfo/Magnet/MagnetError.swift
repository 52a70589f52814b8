/// Why a text is no magnet link to a torrent.
public enum MagnetError: Error, Equatable, Sendable {
  /// It does not begin with `magnet:?`.
  case notMagnet
  /// It is longer than the limit, in bytes.
  case tooLong(limit: Int)
  /// No `xt` names a torrent.
  case noInfohash
  /// An infohash has the wrong length or characters.
  case invalidInfohash
  /// Two different infohashes of one kind.
  case conflictingInfohashes
  /// `so` is no list of file numbers.
  case invalidSelection
}

extension MagnetError: CustomStringConvertible {
  /// The cause in words.
  public var description: String {
    switch self {
    case .notMagnet: "not a magnet link: it does not begin with magnet:?"
    case .tooLong(let limit): "magnet link longer than \(limit) bytes"
    case .noInfohash: "magnet link without an infohash (xt=urn:btih:… or xt=urn:btmh:…)"
    case .invalidInfohash: "magnet link with an invalid infohash"
    case .conflictingInfohashes: "magnet link with two different infohashes"
    case .invalidSelection: "magnet link with an invalid file selection (so=)"
    }
  }
}
