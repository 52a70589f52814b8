public import NIOCore
internal import Primitives

extension PeerMessage {
  /// The length of a `piece` message before its data.
  public static let pieceHeaderLength = 13

  /// How many bytes the message is on the wire.
  public var encodedLength: Int { 4 + length }

  // What the length prefix says.
  private var length: Int {
    switch self {
    case .keepAlive: 0
    case .choke, .unchoke, .interested, .notInterested, .haveAll, .haveNone: 1
    case .port: 3
    case .have, .suggest, .allowedFast: 5
    case .request, .cancel, .reject: 13
    case .bitfield(let bits): 1 + bits.readableBytes
    case .piece(_, _, let data): 9 + data.readableBytes
    case .extended(_, let payload): 2 + payload.readableBytes
    case .hashRequest, .hashReject: 1 + HashRequest.encodedLength
    case .hashes(_, let hashes): 1 + HashRequest.encodedLength + hashes.readableBytes
    }
  }

  /// Appends the message as it stands on the wire.
  public func encode(into buffer: inout ByteBuffer) {
    let length = UInt32(truncatingIfNeeded: length)
    switch self {
    case .keepAlive: buffer.writeInteger(length)
    case .choke: buffer.writeMultipleIntegers(length, PeerMessageID.choke)
    case .unchoke: buffer.writeMultipleIntegers(length, PeerMessageID.unchoke)
    case .interested: buffer.writeMultipleIntegers(length, PeerMessageID.interested)
    case .notInterested: buffer.writeMultipleIntegers(length, PeerMessageID.notInterested)
    case .have(let piece): buffer.write(length, PeerMessageID.have, piece)
    case .bitfield(let bits):
      buffer.writeMultipleIntegers(length, PeerMessageID.bitfield)
      buffer.writeImmutableBuffer(bits)
    case .request(let block): buffer.write(length, PeerMessageID.request, block)
    case .piece(let piece, let offset, let data):
      Self.encodePieceHeader(
        piece: piece, offset: offset, length: data.readableBytes, into: &buffer)
      buffer.writeImmutableBuffer(data)
    case .cancel(let block): buffer.write(length, PeerMessageID.cancel, block)
    case .port(let port): buffer.writeMultipleIntegers(length, PeerMessageID.port, port)
    case .suggest(let piece): buffer.write(length, PeerMessageID.suggest, piece)
    case .haveAll: buffer.writeMultipleIntegers(length, PeerMessageID.haveAll)
    case .haveNone: buffer.writeMultipleIntegers(length, PeerMessageID.haveNone)
    case .reject(let block): buffer.write(length, PeerMessageID.reject, block)
    case .allowedFast(let piece): buffer.write(length, PeerMessageID.allowedFast, piece)
    case .extended(let id, let payload):
      buffer.writeMultipleIntegers(length, PeerMessageID.extended, id)
      buffer.writeImmutableBuffer(payload)
    case .hashRequest(let request): buffer.write(length, PeerMessageID.hashRequest, request)
    case .hashes(let request, let hashes):
      buffer.write(length, PeerMessageID.hashes, request)
      buffer.writeImmutableBuffer(hashes)
    case .hashReject(let request): buffer.write(length, PeerMessageID.hashReject, request)
    }
  }

  /// Appends the part of a `piece` message before its data, so that the data can follow from where
  /// it lies.
  public static func encodePieceHeader(
    piece: Int, offset: Int, length: Int, into buffer: inout ByteBuffer
  ) {
    buffer.writeMultipleIntegers(
      UInt32(truncatingIfNeeded: 9 + length), PeerMessageID.piece,
      UInt32(truncatingIfNeeded: piece), UInt32(truncatingIfNeeded: offset))
  }
}

extension ByteBuffer {
  fileprivate mutating func write(_ length: UInt32, _ id: UInt8, _ piece: Int) {
    writeMultipleIntegers(length, id, UInt32(truncatingIfNeeded: piece))
  }

  fileprivate mutating func write(_ length: UInt32, _ id: UInt8, _ block: BlockRequest) {
    writeMultipleIntegers(
      length, id, UInt32(truncatingIfNeeded: block.piece), UInt32(truncatingIfNeeded: block.offset),
      UInt32(truncatingIfNeeded: block.length))
  }

  fileprivate mutating func write(_ length: UInt32, _ id: UInt8, _ request: HashRequest) {
    writeMultipleIntegers(length, id)
    _ = request.piecesRoot.withUnsafeBytes { writeBytes($0) }
    writeMultipleIntegers(
      UInt32(truncatingIfNeeded: request.baseLayer), UInt32(truncatingIfNeeded: request.index),
      UInt32(truncatingIfNeeded: request.length), UInt32(truncatingIfNeeded: request.proofLayers))
  }
}
