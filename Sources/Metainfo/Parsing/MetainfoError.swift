public import Primitives

/// Why bytes are no torrent.
public enum MetainfoError: Error, Equatable, Sendable {
  /// The bytes are not bencoding within the limits.
  case encoding(BencodeError)
  /// The info dictionary of a v2 torrent is not in the one form that bencoding has.
  case notCanonical
  /// A key that must be there is not, or what stands under it is of another kind.
  case invalid(key: String)
  /// The dictionary is of a later format than ours.
  case unsupportedVersion(Int)
  /// A piece length out of bounds, or, in v2, no power of two of at least 16 KiB.
  case invalidPieceLength(Int)
  /// A file's length is missing, negative or too large; `index` counts from 0.
  case invalidLength(file: Int)
  /// A file has no path, or one of more levels than the limit; `index` counts from 0.
  case invalidPath(file: Int)
  /// A link without a target; `index` counts from 0.
  case invalidSymlink(file: Int)
  /// The file tree is malformed, near this file's index.
  case invalidFileTree(file: Int)
  /// A file of the tree has no root of its hashes, or one that cannot be; `index` counts from 0.
  case invalidPiecesRoot(file: Int)
  /// The tree lists padding, which v2 does not have.
  case padInFileTree(file: Int)
  /// No file has any bytes.
  case noContent
  /// More bytes in all than the limit.
  case tooLarge(limit: Int)
  /// More pieces than the limit.
  case tooManyPieces(limit: Int)
  /// More files of the same name than the limit.
  case tooManyDuplicates(limit: Int)
  /// There must be one hash of 20 bytes for each piece.
  case wrongPieceHashes(expected: Int, byteCount: Int)
  /// The v1 and v2 sides of a hybrid list other files, first at this index.
  case hybridMismatch(file: Int)
  /// A piece layer for no file of the torrent.
  case unknownPieceLayer(root: Hash256)
  /// A piece layer whose size is not that of its file, or that does not lead to its root.
  case wrongPieceLayer(root: Hash256)
  /// The info dictionary is not the one whose hash was asked for.
  case infohashMismatch
}

extension MetainfoError: CustomStringConvertible {
  /// The cause in words.
  public var description: String {
    switch self {
    case .encoding(let error): error.description
    case .notCanonical: "info dictionary of a v2 torrent with unordered keys or padded numbers"
    case .invalid(let key): "'\(key)' is missing or of the wrong type"
    case .unsupportedVersion(let version): "torrent format version \(version), newer than 2"
    case .invalidPieceLength(let length): "invalid piece length \(length)"
    case .invalidLength(let file): "missing or invalid length of file \(file)"
    case .invalidPath(let file): "missing or invalid path of file \(file)"
    case .invalidSymlink(let file): "missing or invalid target of link \(file)"
    case .invalidFileTree(let file): "malformed file tree near file \(file)"
    case .invalidPiecesRoot(let file): "missing or invalid pieces root of file \(file)"
    case .padInFileTree(let file): "padding in the file tree, as file \(file)"
    case .noContent: "torrent without any bytes"
    case .tooLarge(let limit): "torrent of more than \(limit) bytes"
    case .tooManyPieces(let limit): "torrent of more than \(limit) pieces"
    case .tooManyDuplicates(let limit): "more than \(limit) files of the same names"
    case .wrongPieceHashes(let expected, let byteCount):
      "\(byteCount) bytes of piece hashes, want \(expected) hashes of 20 bytes"
    case .hybridMismatch(let file): "the v1 and v2 file lists differ at file \(file)"
    case .unknownPieceLayer(let root): "piece layer \(root) belongs to no file"
    case .wrongPieceLayer(let root): "piece layer \(root) has the wrong size or hashes"
    case .infohashMismatch: "the info dictionary has another infohash"
    }
  }
}
