internal import NIOCore
internal import Primitives

extension PeerMessageDecoder {
  // The message whose body is the next `bodyLength` bytes of `buffer`, which are there, and whose
  // length was checked: so no read below can fail.
  static func message(
    _ header: Header, from buffer: inout ByteBuffer, sharing: Bool
  ) throws(PeerFault) -> PeerMessage {
    switch header.id {
    case PeerMessageID.piece:
      .piece(
        piece: Int(header.first), offset: Int(header.second),
        data: buffer.readBody(header.bodyLength, sharing: sharing))
    case PeerMessageID.request: .request(try request(from: &buffer))
    case PeerMessageID.have: .have(piece: buffer.readWord())
    case PeerMessageID.cancel: .cancel(buffer.readBlock())
    case PeerMessageID.choke: .choke
    case PeerMessageID.unchoke: .unchoke
    case PeerMessageID.interested: .interested
    case PeerMessageID.notInterested: .notInterested
    case PeerMessageID.bitfield: .bitfield(buffer.readBody(header.bodyLength, sharing: true))
    case PeerMessageID.port: .port(buffer.readInteger() ?? 0)
    case PeerMessageID.suggest: .suggest(piece: buffer.readWord())
    case PeerMessageID.haveAll: .haveAll
    case PeerMessageID.haveNone: .haveNone
    case PeerMessageID.reject: .reject(buffer.readBlock())
    case PeerMessageID.allowedFast: .allowedFast(piece: buffer.readWord())
    case PeerMessageID.extended:
      .extended(
        id: UInt8(truncatingIfNeeded: header.first),
        payload: buffer.readBody(header.bodyLength, sharing: true))
    case PeerMessageID.hashRequest: .hashRequest(try hashRequest(header.id, from: &buffer))
    case PeerMessageID.hashes:
      .hashes(
        try hashRequest(header.id, from: &buffer),
        buffer.readBody(header.bodyLength - HashRequest.encodedLength, sharing: true))
    case PeerMessageID.hashReject: .hashReject(try hashRequest(header.id, from: &buffer))
    default: throw .unknownMessage(id: header.id)
    }
  }

  private static func request(from buffer: inout ByteBuffer) throws(PeerFault) -> BlockRequest {
    let request = buffer.readBlock()
    guard (1...BlockRequest.blockLength).contains(request.length) else {
      throw .invalidRequest(request)
    }
    return request
  }

  private static func hashRequest(
    _ id: UInt8, from buffer: inout ByteBuffer
  ) throws(PeerFault) -> HashRequest {
    let root = buffer.readBytes(length: 32).flatMap { Hash256($0) }
    let request = HashRequest(
      piecesRoot: root ?? .zero, baseLayer: buffer.readWord(), index: buffer.readWord(),
      length: buffer.readWord(), proofLayers: buffer.readWord())
    // A tree over 2^48 bytes has 35 layers.
    guard request.baseLayer < 64, request.proofLayers < 64,
      (1...HashRequest.maximumLength).contains(request.length)
    else { throw .invalidField(id: id) }
    return request
  }
}

extension HashRequest {
  /// The greatest number of hashes that one request may ask for here; BEP 52 advises 512.
  package static let maximumLength = 8_192
  // Root, layer, index, length, proof layers.
  static let encodedLength = 32 + 4 * 4
}

extension ByteBuffer {
  fileprivate mutating func readWord() -> Int { Int(readInteger(as: UInt32.self) ?? 0) }

  fileprivate mutating func readBlock() -> BlockRequest {
    BlockRequest(piece: readWord(), offset: readWord(), length: readWord())
  }

  fileprivate mutating func readBody(_ length: Int, sharing: Bool) -> ByteBuffer {
    guard var slice = readSlice(length: length) else { return ByteBuffer() }
    if sharing { return slice }
    var copy = ByteBufferAllocator().buffer(capacity: length)
    copy.writeBuffer(&slice)
    return copy
  }
}
