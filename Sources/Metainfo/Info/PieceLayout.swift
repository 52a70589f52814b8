/// How a torrent's pieces lie over its files.
///
/// A torrent's bytes are its files one after the other, with pad files (BEP 47) in their places. In
/// a torrent that is only v2 each file begins at a piece, and the gap before the next file counts
/// like a pad: it holds zeros that are neither stored, nor hashed, nor worth asking for.
public struct PieceLayout: Sendable, Equatable {
  /// The length of every piece but the last, in bytes; in a torrent that is only v2, of the last
  /// too, as peers count its gap like a pad.
  public let pieceLength: Int
  /// How many pieces there are.
  public let pieceCount: Int
  /// Bytes of all files, pads and gaps counted.
  public let totalLength: Int
  /// Bytes of all files without pads and gaps: what lies on disk when all is there.
  public let payloadLength: Int

  // Files with bytes of their own, in order: where each begins and ends, and its index.
  let extents: [Extent]

  struct Extent: Sendable, Equatable {
    var start: Int
    var end: Int
    var file: Int
  }

  /// The layout of `files`, whose offsets rise and do not overlap; `isAligned` if each begins at a
  /// piece, so that the last piece too has its full length.
  package init(pieceLength: Int, files: [TorrentFile], isAligned: Bool = false) {
    self.pieceLength = pieceLength
    var extents: [Extent] = []
    var payloadLength = 0
    for (index, file) in files.enumerated() where file.length > 0 && !file.isPad {
      extents.append(Extent(start: file.offset, end: file.offset + file.length, file: index))
      payloadLength += file.length
    }
    self.extents = extents
    self.payloadLength = payloadLength
    let end = files.last.map { $0.offset + $0.length } ?? 0
    pieceCount = (end + pieceLength - 1) / pieceLength
    totalLength = isAligned ? pieceCount * pieceLength : end
  }

  /// Where a piece lies among the torrent's bytes.
  public func range(ofPiece piece: Int) -> Range<Int> {
    let start = piece * pieceLength
    return start..<min(start + pieceLength, totalLength)
  }

  /// A piece's length with its pads: what v1 hashes, and the bound of what a peer may ask for.
  public func length(ofPiece piece: Int) -> Int { range(ofPiece: piece).count }

  /// A piece's length to its last byte that is not padding: what v2 hashes, and all that is worth
  /// asking for; what follows are zeros.
  public func dataLength(ofPiece piece: Int) -> Int {
    let range = range(ofPiece: piece)
    let next = firstExtent(endingAfter: range.upperBound)
    // The last extent that reaches into the piece is `next` if it begins in it, else the one before.
    if next < extents.count, extents[next].start < range.upperBound { return range.count }
    guard next > 0 else { return 0 }
    return max(0, extents[next - 1].end - range.lowerBound)
  }

  /// How many blocks of 16 KiB hold a piece's data; the last may be shorter.
  public func blockCount(ofPiece piece: Int) -> Int {
    (dataLength(ofPiece: piece) + Self.blockLength - 1) / Self.blockLength
  }

  /// The length of a block, 16 KiB.
  public static let blockLength = 16_384

  /// The pieces that hold bytes of a file; empty for an empty file.
  public func pieces(of file: TorrentFile) -> Range<Int> {
    let first = file.offset / pieceLength
    guard file.length > 0 else { return first..<first }
    return first..<(file.offset + file.length - 1) / pieceLength + 1
  }

  /// The stretches of files that make up `range` of a piece, in order, without gaps.
  ///
  /// - Parameters:
  ///   - range: bytes of the piece, within its length.
  ///   - piece: the piece's index, less than ``pieceCount``.
  /// - Returns: a sequence that finds its start by bisection and allocates nothing.
  public func segments(_ range: Range<Int>, ofPiece piece: Int) -> PieceSegments {
    let start = piece * pieceLength
    return PieceSegments(
      layout: self, position: start + range.lowerBound, end: start + range.upperBound)
  }

  /// The stretches of files that make up a piece, in order, without gaps.
  public func segments(ofPiece piece: Int) -> PieceSegments {
    segments(0..<length(ofPiece: piece), ofPiece: piece)
  }

  /// The index of the first extent that ends after `position`; the count of extents if none does.
  func firstExtent(endingAfter position: Int) -> Int {
    var low = 0
    var high = extents.count
    while low < high {
      let middle = (low + high) / 2
      if extents[middle].end > position { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// A stretch of one file, or of padding, within a piece.
public struct PieceSegment: Hashable, Sendable {
  /// The file's index in the torrent; nil for padding, which is all zeros.
  public let file: Int?
  /// Where the stretch begins in the file, in bytes; 0 for padding.
  public let fileOffset: Int
  /// How many bytes, more than 0.
  public let length: Int

  /// A stretch of `length` bytes from `fileOffset` of a file, or of padding.
  public init(file: Int?, fileOffset: Int, length: Int) {
    self.file = file
    self.fileOffset = fileOffset
    self.length = length
  }
}

/// The segments of a range of one piece; see ``PieceLayout/segments(_:ofPiece:)``.
public struct PieceSegments: Sequence, IteratorProtocol, Sendable {
  private let extents: [PieceLayout.Extent]
  private var index: Int
  private var position: Int
  private let end: Int

  init(layout: PieceLayout, position: Int, end: Int) {
    extents = layout.extents
    index = layout.firstExtent(endingAfter: position)
    self.position = position
    self.end = Swift.min(end, layout.totalLength)
  }

  /// The next segment.
  public mutating func next() -> PieceSegment? {
    guard position < end else { return nil }
    let start = position
    guard index < extents.count, extents[index].start < end else {
      position = end
      return PieceSegment(file: nil, fileOffset: 0, length: end - start)
    }
    let extent = extents[index]
    if extent.start > start {
      position = extent.start
      return PieceSegment(file: nil, fileOffset: 0, length: extent.start - start)
    }
    position = Swift.min(extent.end, end)
    index += 1
    return PieceSegment(
      file: extent.file, fileOffset: start - extent.start, length: position - start)
  }
}
