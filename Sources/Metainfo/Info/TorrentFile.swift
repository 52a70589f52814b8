public import Primitives

/// One file of a torrent, with a path that is safe to put below any folder.
public struct TorrentFile: Hashable, Sendable {
  /// What a file is beside its bytes (BEP 47).
  public struct Attributes: OptionSet, Hashable, Sendable {
    /// One bit per attribute.
    public let rawValue: UInt8

    /// The attributes with those bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Zeros that only align the next file; never written to disk.
    public static let pad = Attributes(rawValue: 1)
    /// The file is a program.
    public static let executable = Attributes(rawValue: 2)
    /// The file is hidden.
    public static let hidden = Attributes(rawValue: 4)
    /// The file is a link to another of the torrent; it has no bytes of its own.
    public static let symlink = Attributes(rawValue: 8)
  }

  /// The path's elements below the folder that the torrent is stored in; the first is the
  /// torrent's name.
  ///
  /// Every element is cleaned: none is empty, `.` or `..`, or has a separator or control character.
  public let path: [String]
  /// The file's length in bytes.
  public let length: Int
  /// Where the file begins among the torrent's bytes, pads and gaps counted.
  public let offset: Int
  /// Pad, executable, hidden, link.
  public let attributes: Attributes
  /// The root of the file's hash tree; nil in v1 torrents and for an empty file.
  public let piecesRoot: Hash256?
  /// For a link: the path of its target, from the same folder as ``path``; it is a file or folder
  /// of the torrent.
  public let symlinkTarget: [String]?

  /// A file with those properties.
  package init(
    path: [String], length: Int, offset: Int, attributes: Attributes = [],
    piecesRoot: Hash256? = nil, symlinkTarget: [String]? = nil
  ) {
    self.path = path
    self.length = length
    self.offset = offset
    self.attributes = attributes
    self.piecesRoot = piecesRoot
    self.symlinkTarget = symlinkTarget
  }

  /// Whether the file is padding (BEP 47).
  public var isPad: Bool { attributes.contains(.pad) }

  /// The path in one text, with `/` between its elements.
  public var relativePath: String { path.joined(separator: "/") }

  /// Where the file lies among the torrent's bytes.
  public var range: Range<Int> { offset..<offset + length }
}
