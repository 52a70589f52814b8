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
      ExtensionHandshake.LocalID.exchange: 64 << 10,
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

  private let extensionLimits: [UInt8: Int]
  private var rules: PeerMessageRules
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
    extensionLimits = limits.extensions
    rules = PeerMessageRules(
      maximumLength: limits.message, maximumBitfield: limits.bitfield,
      isFast: features.contains(.fast), isExtended: features.contains(.extended),
      isV2: isV2 || features.contains(.v2))
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
    if header.id == PeerMessageID.extended {
      try checkExtension(header)
    } else if header.id != PeerMessageID.port {
      rules.isFirst = false
    }
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
      if let header = try Self.header(in: &input, rules) { return header }
      head.writeBuffer(&input)
      return nil
    }
    // A header cut by the end of a read: rare, and at most 13 bytes.
    while let byte = input.readInteger(as: UInt8.self) {
      head.writeInteger(byte)
      if let header = try Self.header(in: &head, rules) {
        head.clear()
        return header
      }
    }
    return nil
  }

  // Reads a header if all of it is there.
  private static func header(
    in buffer: inout ByteBuffer, _ rules: PeerMessageRules
  ) throws(PeerFault) -> Header? {
    let start = buffer.readerIndex
    guard let prefix = buffer.getInteger(at: start, as: UInt32.self) else { return nil }
    let length = Int(prefix)
    if length == 0 {
      buffer.moveReaderIndex(forwardBy: 4)
      return .keepAlive
    }
    guard length <= rules.maximumLength else { throw .messageTooLong(length) }
    guard let id = buffer.getInteger(at: start + 4, as: UInt8.self) else { return nil }
    try rules.check(id, length)
    switch id {
    case PeerMessageID.piece:
      guard let first = buffer.getInteger(at: start + 5, as: UInt32.self),
        let second = buffer.getInteger(at: start + 9, as: UInt32.self)
      else { return nil }
      buffer.moveReaderIndex(forwardBy: 13)
      return Header(id: id, bodyLength: length - 9, first: first, second: second)
    case PeerMessageID.extended:
      guard let kind = buffer.getInteger(at: start + 5, as: UInt8.self) else { return nil }
      buffer.moveReaderIndex(forwardBy: 6)
      return Header(id: id, bodyLength: length - 2, first: UInt32(kind))
    default:
      buffer.moveReaderIndex(forwardBy: 5)
      return Header(id: id, bodyLength: length - 1)
    }
  }

  private func checkExtension(_ header: Header) throws(PeerFault) {
    let id = UInt8(truncatingIfNeeded: header.first)
    guard let limit = extensionLimits[id], header.bodyLength > limit else { return }
    throw .messageTooLong(header.bodyLength + 2)
  }
}
