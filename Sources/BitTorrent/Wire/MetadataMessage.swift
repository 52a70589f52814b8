internal import Metainfo
public import NIOCore

/// A message of `ut_metadata`: the info dictionary in blocks of 16 KiB (BEP 9).
public enum MetadataMessage: Equatable, Sendable {
  /// Asks for a block.
  case request(piece: Int)
  /// A block, and the size of the whole; the last block may be shorter than the others.
  case data(piece: Int, totalSize: Int, ByteBuffer)
  /// The sender does not give the block.
  case reject(piece: Int)

  /// The length of every block but the last.
  public static let blockLength = 16_384

  /// The payload of the extension's message.
  public var payload: ByteBuffer {
    var entries: [BencodeItem.Entry] = []
    func begin(_ kind: Int, _ piece: Int) {
      entries = [.init("msg_type", .integer(kind)), .init("piece", .integer(piece))]
    }
    var block = ByteBuffer()
    switch self {
    case .request(let piece): begin(0, piece)
    case .data(let piece, let totalSize, let data):
      begin(1, piece)
      entries.append(.init("total_size", .integer(totalSize)))
      block = data
    case .reject(let piece): begin(2, piece)
    }
    var buffer = ByteBuffer(bytes: BencodeItem.dictionary(entries).encoded)
    buffer.writeBuffer(&block)
    return buffer
  }

  /// The message for a peer that takes the extension under `id`.
  public func message(id: UInt8) -> PeerMessage { .extended(id: id, payload: payload) }

  private static let limits = BencodeLimits(byteCount: 17 << 10, depth: 8, valueCount: 64)

  /// Reads a payload; nil for a kind that is not known, which is to be ignored.
  public static func decode(_ payload: ByteBuffer) throws(PeerFault) -> MetadataMessage? {
    let document: BencodeDocument
    do {
      document = try BencodeDocument(
        prefixOf: [UInt8](payload.readableBytesView), limits: limits)
    } catch {
      throw .malformedExtension
    }
    let root = document.root
    guard let kind = root["msg_type"]?.integer, let piece = root["piece"]?.integer,
      (0..<1 << 24).contains(piece)
    else { throw .malformedExtension }
    switch kind {
    case 0: return .request(piece: piece)
    case 1:
      guard let totalSize = root["total_size"]?.integer, totalSize > 0,
        let data = payload.getSlice(
          at: payload.readerIndex + document.byteCount,
          length: payload.readableBytes - document.byteCount),
        (1...blockLength).contains(data.readableBytes)
      else { throw .malformedExtension }
      return .data(piece: piece, totalSize: totalSize, data)
    case 2: return .reject(piece: piece)
    default: return nil
    }
  }
}
