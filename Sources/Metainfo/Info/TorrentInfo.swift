/// A valid info dictionary: what a torrent holds, and how each piece is verified.
public struct TorrentInfo: Sendable {
  /// Which of the two formats the dictionary speaks (BEP 52).
  public enum Version: Sendable, Hashable {
    case v1
    case v2
    /// Both, over the same files.
    case hybrid
  }

  /// The info dictionary as it came: what the infohashes are taken over.
  public let rawBytes: [UInt8]
  /// The infohashes.
  public let hashes: InfoHashes
  /// Which formats it speaks.
  public let version: Version
  /// The torrent's name, cleaned: that of its one file, or of the folder around its files.
  public let name: String
  /// Whether peers may only come from the torrent's trackers (BEP 27).
  public let isPrivate: Bool
  /// Whether the torrent is one file, without a folder around it.
  public let isSingleFile: Bool
  /// The files in the order of their bytes, pads and links counted.
  public let files: [TorrentFile]
  /// How pieces lie over the files.
  public let layout: PieceLayout

  // Where the v1 piece hashes lie in `rawBytes`; empty in a torrent that is only v2.
  let pieceHashes: Range<Int>

  init(
    rawBytes: [UInt8], hashes: InfoHashes, version: Version, name: String, isPrivate: Bool,
    isSingleFile: Bool, files: [TorrentFile], layout: PieceLayout, pieceHashes: Range<Int>
  ) {
    self.rawBytes = rawBytes
    self.hashes = hashes
    self.version = version
    self.name = name
    self.isPrivate = isPrivate
    self.isSingleFile = isSingleFile
    self.files = files
    self.layout = layout
    self.pieceHashes = pieceHashes
  }

  /// Whether the torrent has a v1 side.
  public var hasV1: Bool { version != .v2 }

  /// Whether the torrent has a v2 side.
  public var hasV2: Bool { version != .v1 }

  /// The v1 hash of a piece; nil in a torrent that is only v2, or for no piece of it.
  public func pieceHash(_ piece: Int) -> SHA1Hash? {
    guard piece >= 0, piece < pieceHashes.count / SHA1Hash.byteCount else { return nil }
    let start = pieceHashes.lowerBound + piece * SHA1Hash.byteCount
    return SHA1Hash(rawBytes[start..<start + SHA1Hash.byteCount])
  }
}
