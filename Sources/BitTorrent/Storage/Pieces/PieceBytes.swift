/// A range of bytes of a piece, read from disk.
final class PieceBytes {
  private let range: Range<Int>
  private let memory: UnsafeMutableRawBufferPointer

  init(_ range: Range<Int>, ofPiece piece: Int, from files: TorrentFiles) throws(StorageError) {
    self.range = range
    memory = .allocate(byteCount: range.count, alignment: 64)
    var vectors = IOVectors(memory)
    try files.read(&vectors, range, ofPiece: piece)
  }

  deinit { memory.deallocate() }

  /// The bytes of a part of the range; good while this object lives.
  func part(_ part: Range<Int>) -> UnsafeRawBufferPointer {
    let part = part.clamped(to: range)
    let start = part.lowerBound - range.lowerBound
    return UnsafeRawBufferPointer(rebasing: memory[start..<start + part.count])
  }
}
