/// How long each piece is: one number, or a list where pieces in the middle are short (BEP 52).
struct PieceLengths {
  let pieceCount: Int
  /// The most blocks that a piece has.
  let greatestBlockCount: Int
  private let usual: Int
  private let last: Int
  private let each: [Int32]?

  init(pieceCount: Int, length: (Int) -> Int) {
    self.pieceCount = max(pieceCount, 0)
    usual = pieceCount > 0 ? length(0) : 0
    last = pieceCount > 0 ? length(pieceCount - 1) : 0
    var greatest = max(usual, last)
    var isUniform = true
    for piece in 0..<max(self.pieceCount - 1, 0) {
      let length = length(piece)
      if length != usual { isUniform = false }
      greatest = max(greatest, length)
    }
    greatestBlockCount = Self.blocks(greatest)
    each = isUniform ? nil : (0..<self.pieceCount).map { Int32(clamping: length($0)) }
  }

  subscript(piece: Int) -> Int {
    if let each { return Int(each[piece]) }
    return piece == pieceCount - 1 ? last : usual
  }

  func blockCount(_ piece: Int) -> Int { Self.blocks(self[piece]) }

  func request(_ piece: Int, _ block: Int) -> BlockRequest {
    let offset = block * BlockRequest.blockLength
    return BlockRequest(
      piece: piece, offset: offset, length: min(BlockRequest.blockLength, self[piece] - offset))
  }

  /// The block's index in its piece, if the request is for exactly one block of the torrent.
  func block(of request: BlockRequest) -> Int? {
    guard request.piece >= 0, request.piece < pieceCount, request.offset >= 0,
      request.offset % BlockRequest.blockLength == 0
    else { return nil }
    let left = self[request.piece] - request.offset
    guard left > 0, request.length == min(left, BlockRequest.blockLength) else { return nil }
    return request.offset / BlockRequest.blockLength
  }

  private static func blocks(_ length: Int) -> Int {
    (length + BlockRequest.blockLength - 1) / BlockRequest.blockLength
  }
}
