public import NIOCore

/// One message of the peer wire protocol after the handshake (BEP 3, 5, 6, 10, 52).
///
/// A message that came from a peer has sizes within the protocol's; whether its indices lie within
/// the torrent is for the one who knows the torrent.
public enum PeerMessage: Equatable, Sendable {
  case keepAlive
  case choke
  case unchoke
  case interested
  case notInterested
  case have(piece: Int)
  /// The bits as they stand on the wire: piece 0 is the highest bit of the first byte.
  case bitfield(ByteBuffer)
  case request(BlockRequest)
  /// A block; `data` may be a view of the receive buffer.
  case piece(piece: Int, offset: Int, data: ByteBuffer)
  case cancel(BlockRequest)
  /// The peer's DHT port (BEP 5).
  case port(UInt16)
  case suggest(piece: Int)
  case haveAll
  case haveNone
  case reject(BlockRequest)
  case allowedFast(piece: Int)
  /// A message of the extension protocol (BEP 10); id 0 is its handshake.
  case extended(id: UInt8, payload: ByteBuffer)
  case hashRequest(HashRequest)
  /// The hashes, then the uncles, 32 bytes each.
  case hashes(HashRequest, ByteBuffer)
  case hashReject(HashRequest)
}
