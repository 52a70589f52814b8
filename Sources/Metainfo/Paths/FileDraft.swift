internal import Primitives

/// A file as the info dictionary lists it, its names cleaned one by one; what it means among the
/// others is found out later.
struct FileDraft {
  /// The path below the torrent's root; empty for the one file of a torrent without a folder.
  var path: [String]
  var length: Int
  var attributes: TorrentFile.Attributes
  var piecesRoot: Hash256?
  /// The target of a link below the torrent's root, as it is written.
  var symlinkTarget: [String]?

  var isPad: Bool { attributes.contains(.pad) }
}
