public import Primitives

/// The v2 hashes of pieces, per file that is longer than one piece, keyed by the file's root
/// (`piece layers`, BEP 52).
///
/// A layer enters only when it leads to its root. A torrent that came by a magnet link starts
/// without any; peers give them.
public struct PieceLayers: Sendable, Equatable {
  private var layers: [Hash256: [UInt8]] = [:]

  /// No layers.
  public init() {}

  /// The hashes of a file's pieces, 32 bytes each, or nil when they are not known.
  public subscript(root: Hash256) -> [UInt8]? { layers[root] }

  /// How many layers are known.
  public var count: Int { layers.count }

  /// Adds a file's layer.
  ///
  /// - Parameters:
  ///   - hashes: the hashes of the file's pieces, 32 bytes each.
  ///   - root: the file's root.
  ///   - info: the torrent that has the file.
  /// - Throws: `MetainfoError` unless the layer is that of a file and leads to its root.
  /// - Complexity: O(n) in the count of files to find the file, then in its pieces.
  public mutating func insert(
    _ hashes: [UInt8], root: Hash256, of info: TorrentInfo
  ) throws(MetainfoError) {
    guard let file = info.files.first(where: { $0.piecesRoot == root && info.hasLayer($0) }) else {
      throw .unknownPieceLayer(root: root)
    }
    try insert(hashes, file: file, of: info)
  }

  /// Adds the layer of a file of the torrent; it throws unless the layer leads to the file's root.
  public mutating func insert(
    _ hashes: [UInt8], file: TorrentFile, of info: TorrentInfo
  ) throws(MetainfoError) {
    guard let root = file.piecesRoot, info.hasLayer(file) else {
      throw .unknownPieceLayer(root: file.piecesRoot ?? .zero)
    }
    try insert(hashes, root: root, length: file.length, pieceLength: info.layout.pieceLength)
  }

  mutating func insert(
    _ hashes: [UInt8], root: Hash256, length: Int, pieceLength: Int
  ) throws(MetainfoError) {
    let count = (length + pieceLength - 1) / pieceLength
    guard hashes.count == count * 32,
      MerkleTree.root(
        of: hashes, width: count.roundedUpToPowerOfTwo,
        baseLayer: (pieceLength / PieceLayout.blockLength).trailingZeroBitCount) == root
    else { throw .wrongPieceLayer(root: root) }
    layers[root] = hashes
  }

  /// The files' roots whose layers are needed and not known, each once, in the files' order.
  public func missingRoots(in info: TorrentInfo) -> [Hash256] {
    guard info.hasV2 else { return [] }
    var seen: Set<Hash256> = []
    return info.files.compactMap { file in
      guard let root = file.piecesRoot, info.hasLayer(file), layers[root] == nil,
        seen.insert(root).inserted
      else { return nil }
      return root
    }
  }

  /// What stands under `piece layers` in a torrent file.
  var bencoded: BencodeItem {
    .dictionary(layers.map { .init(key: $0.key.bytes, value: .bytes($0.value)) })
  }
}

extension TorrentInfo {
  /// The layer of the hash trees that has one hash a piece, counted from the leaves.
  public var pieceLayer: Int {
    (layout.pieceLength / PieceLayout.blockLength).trailingZeroBitCount
  }

  /// Whether the file has a piece layer: it is longer than one piece.
  public func hasLayer(_ file: TorrentFile) -> Bool {
    file.piecesRoot != nil && file.length > layout.pieceLength
  }

  /// How many layers a file's hash tree has above its leaves.
  public func treeHeight(of file: TorrentFile) -> Int {
    let leaves = (file.length + PieceLayout.blockLength - 1) / PieceLayout.blockLength
    return leaves.roundedUpToPowerOfTwo.trailingZeroBitCount
  }
}
