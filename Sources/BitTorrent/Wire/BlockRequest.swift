/// A range of bytes of one piece, as in `request`, `cancel`, `reject` and `piece` (BEP 3, BEP 6).
public struct BlockRequest: Hashable, Sendable {
  /// The usual and greatest length of a block, 16 KiB.
  public static let blockLength = 16_384

  /// The piece's index.
  public var piece: Int
  /// Where the range begins in the piece, in bytes.
  public var offset: Int
  /// The range's length in bytes.
  public var length: Int

  /// A request for `length` bytes at `offset` of `piece`.
  public init(piece: Int, offset: Int, length: Int) {
    self.piece = piece
    self.offset = offset
    self.length = length
  }
}
