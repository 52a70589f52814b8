/// What a peer did against the protocol, and never by accident of the network.
public enum PeerFault: Error, Hashable, Sendable {
  // Handshake

  /// The first bytes are not a BitTorrent handshake.
  case notBitTorrent
  /// The handshake names another torrent than was asked for, or one that is not here.
  case wrongInfoHash
  /// The peer's id is our own: we dialled ourselves.
  case ourself
  /// The peer's id differs from the one a tracker gave.
  case wrongPeerID

  // Framing

  /// A message of that many bytes is over the limit.
  case messageTooLong(Int)
  /// A message of that kind has a length that it cannot have.
  case wrongLength(id: UInt8, length: Int)
  /// A message of a kind that does not exist.
  case unknownMessage(id: UInt8)
  /// A have-none that is not the first message, or a second have-all.
  case outOfTurn(id: UInt8)
  /// A message of an extension that was not agreed on in the handshake.
  case notNegotiated(id: UInt8)
  /// A field of the message has a value that it cannot have.
  case invalidField(id: UInt8)

  // Within the torrent

  /// A piece's index is beyond the torrent's last.
  case noSuchPiece(Int)
  /// A bitfield of the wrong length, or with spare bits set.
  case invalidBitfield
  /// A request outside its piece, empty, or over 16 KiB.
  case invalidRequest(BlockRequest)
  /// Requests went on although they were rejected or the peer is choked.
  case requestFlood
  /// Blocks came that nobody asked for, again and again.
  case unrequestedBlocks
  /// A block whose length is not that of its request.
  case wrongBlockLength(BlockRequest)
  /// The peer sent data that failed its hash check and is proven, or strongly suspected, to lie.
  case badData(piece: Int)
  /// Hashes of a v2 tree that do not lead to its root.
  case badHashes

  // Extensions

  /// An extension message that is not valid bencoding, or lacks what it must have.
  case malformedExtension
  /// Metadata over the limit, or of another size than announced, or that fails the infohash.
  case badMetadata
  /// Messages of one kind came far more often than the protocol has a use for.
  case flood
}

extension PeerFault {
  /// Whether the address is banned for it, rather than only put off.
  public var isBannable: Bool {
    switch self {
    case .badData, .badHashes, .requestFlood, .unrequestedBlocks, .flood: true
    case .badMetadata: true
    default: false
    }
  }
}

extension PeerFault: CustomStringConvertible {
  /// The fault in words, without anything that the peer chose freely.
  public var description: String {
    switch self {
    case .notBitTorrent: "the handshake is not BitTorrent's"
    case .wrongInfoHash: "the handshake names another torrent"
    case .ourself: "the peer is this client itself"
    case .wrongPeerID: "the peer's id is not the one that the tracker gave"
    case .messageTooLong(let length): "a message of \(length) bytes is over the limit"
    case .wrongLength(let id, let length): "message \(id) cannot have \(length) bytes"
    case .unknownMessage(let id): "there is no message \(id)"
    case .outOfTurn(let id): "message \(id) came out of turn"
    case .notNegotiated(let id): "message \(id) is of an extension that was not agreed on"
    case .invalidField(let id): "message \(id) has a field out of range"
    case .noSuchPiece(let index): "the torrent has no piece \(index)"
    case .invalidBitfield: "the bitfield does not fit the torrent"
    case .invalidRequest(let request):
      "a request for \(request.length) bytes at \(request.offset) of piece \(request.piece) "
        + "is outside the torrent"
    case .requestFlood: "the peer goes on requesting what it was refused"
    case .unrequestedBlocks: "the peer sends blocks that were not requested"
    case .wrongBlockLength(let request):
      "a block of piece \(request.piece) at \(request.offset) has another length than requested"
    case .badData(let piece): "data for piece \(piece) failed its hash check"
    case .badHashes: "the hashes do not lead to the file's root"
    case .malformedExtension: "an extension message is malformed"
    case .badMetadata: "the metadata does not have the infohash"
    case .flood: "the peer floods us with messages"
    }
  }
}
