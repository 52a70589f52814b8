public import NIOCore

/// A message of `upload_only`: whether the sender wants nothing any more (BEP 21).
public struct UploadOnly: Hashable, Sendable {
  /// Whether the sender only uploads.
  public var isUploadOnly: Bool

  /// A message that says so, or the contrary.
  public init(_ isUploadOnly: Bool) { self.isUploadOnly = isUploadOnly }

  /// Reads a payload: one byte, or the four that some clients send.
  public init(_ payload: ByteBuffer) throws(PeerFault) {
    guard (1...4).contains(payload.readableBytes) else { throw .malformedExtension }
    isUploadOnly = payload.readableBytesView.contains { $0 != 0 }
  }

  /// The message for a peer that takes the extension under `id`.
  public func message(id: UInt8) -> PeerMessage {
    .extended(id: id, payload: ByteBuffer(integer: isUploadOnly ? 1 : 0, as: UInt8.self))
  }
}
