public import Metainfo
public import NIOCore

/// Reads a peer's handshake as its bytes come.
///
/// Who was dialled must answer as soon as the infohash is known: the other side may keep back its
/// peer id until then. So the handshake comes in two steps.
public struct HandshakeDecoder: Sendable {
  /// How far the handshake has come.
  public enum Step: Hashable, Sendable {
    /// The first 48 bytes: which torrent, and what the peer can do.
    case opening(PeerFeatures, SHA1Hash)
    /// All of it.
    case complete(Handshake)
  }

  private static let openingLength = Handshake.length - PeerID.length

  private var bytes = ByteBuffer()
  private var opening: (features: PeerFeatures, infoHash: SHA1Hash)?

  /// A decoder that waits for the first byte.
  public init() {}

  /// Takes from `buffer` what belongs to the handshake, and tells the next step that is reached.
  ///
  /// Call it until it is nil or complete. What is left in `buffer` after `complete` is the first
  /// of the peer's messages.
  ///
  /// - Parameter buffer: Bytes of the socket.
  /// - Returns: The step, or nil when more bytes are needed.
  /// - Throws: `notBitTorrent` at the first byte that cannot be a handshake's.
  public mutating func decode(_ buffer: inout ByteBuffer) throws(PeerFault) -> Step? {
    let wanted = opening == nil ? Self.openingLength : PeerID.length
    if var part = buffer.readSlice(
      length: min(wanted - bytes.readableBytes, buffer.readableBytes))
    {
      bytes.writeBuffer(&part)
    }
    if let opening {
      guard let id = bytes.readBytes(length: PeerID.length).flatMap({ PeerID($0) }) else {
        return nil
      }
      return .complete(
        Handshake(features: opening.features, infoHash: opening.infoHash, peerID: id))
    }
    let name = bytes.readableBytesView.prefix(Handshake.protocolName.count)
    guard Handshake.protocolName.starts(with: name) else { throw .notBitTorrent }
    guard bytes.readableBytes == Self.openingLength else { return nil }
    bytes.moveReaderIndex(forwardBy: Handshake.protocolName.count)
    guard let reserved = bytes.readInteger(as: UInt64.self),
      let hash = bytes.readBytes(length: SHA1Hash.byteCount).flatMap({ SHA1Hash($0) })
    else { return nil }
    bytes.clear()
    let features = PeerFeatures(rawValue: reserved)
    opening = (features, hash)
    return .opening(features, hash)
  }
}
