public import Primitives

/// What the bytes of one piece must hash to.
public struct PieceExpectation: Hashable, Sendable {
  /// The piece's v2 side.
  public struct Tree: Hashable, Sendable {
    /// What the leaves must come to; nil when the file's piece layer is not known yet.
    public let root: Hash256?
    /// How many leaves the tree has below that root, a power of two; those after the data are zero.
    public let leafCount: Int

    /// A tree of `leafCount` leaves that must come to `root`.
    public init(root: Hash256?, leafCount: Int) {
      self.root = root
      self.leafCount = leafCount
    }
  }

  /// The piece's index.
  public let piece: Int
  /// The piece's length with its pads: what v1 hashes.
  public let length: Int
  /// The piece's length to its last byte of data: what v2 hashes, in blocks of 16 KiB.
  public let dataLength: Int
  /// The v1 hash, if the torrent has a v1 side.
  public let sha1: SHA1Hash?
  /// The v2 side; nil in a v1 torrent.
  public let tree: Tree?

  /// An expectation of those lengths and hashes.
  public init(piece: Int, length: Int, dataLength: Int, sha1: SHA1Hash?, tree: Tree?) {
    self.piece = piece
    self.length = length
    self.dataLength = dataLength
    self.sha1 = sha1
    self.tree = tree
  }

  /// Whether the piece can be verified now: it has a v1 hash, or its v2 hash is known.
  public var isVerifiable: Bool { sha1 != nil || tree?.root != nil }
}

extension TorrentInfo {
  /// What the bytes of a piece must hash to.
  ///
  /// - Parameters:
  ///   - piece: the piece's index, less than the count of pieces.
  ///   - layers: the piece layers that are known.
  /// - Returns: lengths and hashes.
  /// - Complexity: O(log n) in the count of files.
  public func expectation(ofPiece piece: Int, layers: PieceLayers) -> PieceExpectation {
    PieceExpectation(
      piece: piece, length: layout.length(ofPiece: piece),
      dataLength: layout.dataLength(ofPiece: piece), sha1: pieceHash(piece),
      tree: hasV2 ? tree(ofPiece: piece, layers: layers) : nil)
  }

  /// The v2 file that a piece's data is of, by its place in ``files``, and the piece's number in it.
  public func fileAndIndex(ofPiece piece: Int) -> (file: Int, index: Int)? {
    guard hasV2, piece >= 0, piece < layout.pieceCount else { return nil }
    let index = layout.firstExtent(endingAfter: piece * layout.pieceLength)
    guard index < layout.extents.count else { return nil }
    let extent = layout.extents[index]
    guard extent.start < layout.range(ofPiece: piece).upperBound else { return nil }
    return (extent.file, piece - extent.start / layout.pieceLength)
  }

  private func tree(ofPiece piece: Int, layers: PieceLayers) -> PieceExpectation.Tree? {
    let index = layout.firstExtent(endingAfter: piece * layout.pieceLength)
    guard index < layout.extents.count else { return nil }
    let extent = layout.extents[index]
    guard extent.start < layout.range(ofPiece: piece).upperBound else { return nil }
    guard let root = files[extent.file].piecesRoot else { return nil }
    let length = extent.end - extent.start
    guard length > layout.pieceLength else {
      let leaves = (length + PieceLayout.blockLength - 1) / PieceLayout.blockLength
      return .init(root: root, leafCount: leaves.roundedUpToPowerOfTwo)
    }
    let leafCount = layout.pieceLength / PieceLayout.blockLength
    let start = (piece - extent.start / layout.pieceLength) * 32
    guard let layer = layers[root], start + 32 <= layer.count else {
      return .init(root: nil, leafCount: leafCount)
    }
    return .init(root: Hash256(layer[start..<start + 32]), leafCount: leafCount)
  }
}

extension Int {
  /// The least power of two that is not less; 1 for 0.
  var roundedUpToPowerOfTwo: Int {
    self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
  }
}
