public import NIOCore

/// Cuts the bytes that come from a peer, after its handshake, into messages.
///
///     decoder.feed(bytes)
///     while let message = try decoder.next() { … }
///
/// A message that lies whole in what was fed is a view of it, without a copy; one that is spread
/// over several reads is gathered once, a block into a buffer of just its size. What is kept
/// between reads is at most one unfinished message, and memory for it is taken as its bytes come.
/// After a fault the decoder is of no further use.
public struct PeerMessageDecoder: Sendable {
  /// What a peer may send at most, in bytes.
  public struct Limits: Hashable, Sendable {
    /// A whole message without its length prefix.
    public var message = 1 << 20
    /// A bitfield: enough for the pieces of the largest torrent.
    public var bitfield = 2_097_152 / 8
    /// The payload of an extension's message, by our id of the extension; others are bound by
    /// `message` alone.
    public var extensions: [UInt8: Int] = [
      ExtensionHandshake.messageID: 64 << 10,
      ExtensionHandshake.LocalID.metadata: 17 << 10,
      ExtensionHandshake.LocalID.dontHave: 4,
      ExtensionHandshake.LocalID.uploadOnly: 4,
    ]

    /// The usual limits.
    public init() {}
  }

  // What comes before the part of a message that is as long as its sender likes.
  struct Header {
    var id: UInt8
    var bodyLength: Int
    // Of `piece`: index and offset; of `extended`: the extension's id.
    var first: UInt32 = 0
    var second: UInt32 = 0

    static let keepAlive = Header(id: .max, bodyLength: -1)
    var isKeepAlive: Bool { bodyLength < 0 }
  }

  private let limits: Limits
  private let isFast: Bool
  private let isExtended: Bool
  private let isV2: Bool
  private var isFirst = true
  private var input = ByteBuffer()
  private var mayShareInput = false
  // The beginning of a header whose end is yet to come.
  private var head = ByteBuffer()
  private var unfinished: (header: Header, body: ByteBuffer)?

  /// A decoder for a connection on which those features were agreed.
  ///
  /// - Parameters:
  ///   - features: What both sides can do.
  ///   - isV2: Whether the connection's infohash is the v2 one; hash messages are legal then, or
  ///     when the features have `v2`.
  ///   - limits: The greatest sizes.
  public init(features: PeerFeatures, isV2: Bool, limits: Limits = Limits()) {
    self.limits = limits
    self.isFast = features.contains(.fast)
    self.isExtended = features.contains(.extended)
    self.isV2 = isV2 || features.contains(.v2)
  }

  /// How many bytes of memory an unfinished message takes.
  package var retainedCapacity: Int {
    (unfinished?.body.storageCapacity ?? 0) + head.storageCapacity + input.storageCapacity
  }

  /// Takes bytes of the socket; call `next()` until it is nil before the next feeding.
  public mutating func feed(_ bytes: ByteBuffer) {
    if input.readableBytes == 0 {
      input = bytes
    } else {
      input.writeImmutableBuffer(bytes)
    }
    // A small view would keep a large receive buffer in memory for as long as the block is.
    mayShareInput = input.readableBytes >= input.storageCapacity / 2
  }

  /// The next whole message, or nil when more bytes are needed.
  ///
  /// Several keep-alives in a row are one.
  public mutating func next() throws(PeerFault) -> PeerMessage? {
    if unfinished != nil { return try finish() }
    guard let header = try nextHeader() else {
      // Empty or in `head`: a receive buffer is not kept for it.
      input = ByteBuffer()
      return nil
    }
    if header.isKeepAlive {
      while input.getInteger(at: input.readerIndex, as: UInt32.self) == 0 {
        input.moveReaderIndex(forwardBy: 4)
      }
      return .keepAlive
    }
    if header.id != PeerMessageID.extended && header.id != PeerMessageID.port { isFirst = false }
    if input.readableBytes >= header.bodyLength {
      return try Self.message(header, from: &input, sharing: mayShareInput)
    }
    // The peer's word for the length is good for one block of memory; more comes with the bytes.
    let capacity = min(header.bodyLength, BlockRequest.blockLength)
    unfinished = (header, ByteBufferAllocator().buffer(capacity: capacity))
    return try finish()
  }

  private mutating func finish() throws(PeerFault) -> PeerMessage? {
    guard let header = unfinished?.header, let present = unfinished?.body.readableBytes else {
      return nil
    }
    let count = min(header.bodyLength - present, input.readableBytes)
    if var slice = input.readSlice(length: count) { unfinished?.body.writeBuffer(&slice) }
    guard present + count == header.bodyLength, var body = unfinished?.body else {
      input = ByteBuffer()
      return nil
    }
    unfinished = nil
    return try Self.message(header, from: &body, sharing: true)
  }
}

// MARK: - Headers

extension PeerMessageDecoder {
  // Nil when more bytes are needed.
  private mutating func nextHeader() throws(PeerFault) -> Header? {
    if head.readableBytes == 0 {
      if let header = try header(in: &input) { return header }
      head.writeBuffer(&input)
      return nil
    }
    // A header cut by the end of a read: rare, and at most 13 bytes.
    while let byte = input.readInteger(as: UInt8.self) {
      head.writeInteger(byte)
      if let header = try header(in: &head) {
        head.clear()
        return header
      }
    }
    return nil
  }

  // Reads a header if all of it is there.
  private func header(in buffer: inout ByteBuffer) throws(PeerFault) -> Header? {
    let start = buffer.readerIndex
    guard let prefix = buffer.getInteger(at: start, as: UInt32.self) else { return nil }
    let length = Int(prefix)
    if length == 0 {
      buffer.moveReaderIndex(forwardBy: 4)
      return .keepAlive
    }
    guard length <= limits.message else { throw .messageTooLong(length) }
    guard let id = buffer.getInteger(at: start + 4, as: UInt8.self) else { return nil }
    try check(id, length)
    switch id {
    case PeerMessageID.piece:
      guard let first = buffer.getInteger(at: start + 5, as: UInt32.self),
        let second = buffer.getInteger(at: start + 9, as: UInt32.self)
      else { return nil }
      buffer.moveReaderIndex(forwardBy: 13)
      return Header(id: id, bodyLength: length - 9, first: first, second: second)
    case PeerMessageID.extended:
      guard let kind = buffer.getInteger(at: start + 5, as: UInt8.self) else { return nil }
      if let limit = limits.extensions[kind], length - 2 > limit { throw .messageTooLong(length) }
      buffer.moveReaderIndex(forwardBy: 6)
      return Header(id: id, bodyLength: length - 2, first: UInt32(kind))
    default:
      buffer.moveReaderIndex(forwardBy: 5)
      return Header(id: id, bodyLength: length - 1)
    }
  }

  // Whether a message of that kind may come now and be so long.
  private func check(_ id: UInt8, _ length: Int) throws(PeerFault) {
    let isLengthValid: Bool
    var isAgreed = true
    var mustBeFirst = false
    switch id {
    case PeerMessageID.piece: isLengthValid = length > 9 && length <= 9 + BlockRequest.blockLength
    case PeerMessageID.request, PeerMessageID.cancel: isLengthValid = length == 13
    case PeerMessageID.have: isLengthValid = length == 5
    case PeerMessageID.choke, PeerMessageID.unchoke, PeerMessageID.interested,
      PeerMessageID.notInterested:
      isLengthValid = length == 1
    case PeerMessageID.bitfield:
      isLengthValid = length <= 1 + limits.bitfield
    case PeerMessageID.port: isLengthValid = length == 3
    case PeerMessageID.suggest, PeerMessageID.allowedFast:
      (isLengthValid, isAgreed) = (length == 5, isFast)
    // aria2 sends a bitfield, or have-all, in the place of many haves: these may come at any time.
    case PeerMessageID.haveAll: (isLengthValid, isAgreed) = (length == 1, isFast)
    case PeerMessageID.haveNone:
      (isLengthValid, isAgreed, mustBeFirst) = (length == 1, isFast, true)
    case PeerMessageID.reject: (isLengthValid, isAgreed) = (length == 13, isFast)
    case PeerMessageID.extended: (isLengthValid, isAgreed) = (length >= 2, isExtended)
    case PeerMessageID.hashRequest, PeerMessageID.hashReject:
      (isLengthValid, isAgreed) = (length == 49, isV2)
    case PeerMessageID.hashes:
      (isLengthValid, isAgreed) = (length >= 49 && (length - 49) % 32 == 0, isV2)
    default: throw .unknownMessage(id: id)
    }
    guard isAgreed else { throw .notNegotiated(id: id) }
    guard isLengthValid else { throw .wrongLength(id: id, length: length) }
    guard isFirst || !mustBeFirst else { throw .outOfTurn(id: id) }
  }
}
