public import NIOCore

/// A message of `lt_donthave`: the sender has lost a piece that it told it had (BEP 54).
public struct DontHave: Hashable, Sendable {
  /// The piece's index.
  public var piece: Int

  /// A message about that piece.
  public init(piece: Int) { self.piece = piece }

  /// Reads a payload.
  public init(_ payload: ByteBuffer) throws(PeerFault) {
    var payload = payload
    guard payload.readableBytes == 4, let piece = payload.readInteger(as: UInt32.self) else {
      throw .malformedExtension
    }
    self.piece = Int(piece)
  }

  /// The message for a peer that takes the extension under `id`.
  public func message(id: UInt8) -> PeerMessage {
    .extended(id: id, payload: ByteBuffer(integer: UInt32(truncatingIfNeeded: piece)))
  }
}
