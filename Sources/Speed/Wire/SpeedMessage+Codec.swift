internal import ChainTypes
internal import Keys
public import NIOCore
internal import Primitives

// A byte for the kind, then fixed fields, numbers big-endian. Every message of a kind has one
// length, but `need`, which has a voucher or not.
extension SpeedMessage {
  private enum Kind {
    static let quote: UInt8 = 1
    static let opened: UInt8 = 2
    static let accept: UInt8 = 3
    static let voucher: UInt8 = 4
    static let need: UInt8 = 5
    static let receipt: UInt8 = 6
    static let bye: UInt8 = 7
  }

  /// The message's payload.
  public var encoded: ByteBuffer {
    var buffer = ByteBuffer()
    switch self {
    case .quote(let signed):
      let quote = signed.quote
      buffer.writeInteger(Kind.quote)
      buffer.writeInteger(quote.id)
      buffer.writeInteger(quote.price)
      buffer.writeBytes(quote.payee.bytes)
      buffer.writeInteger(quote.isForAnyTorrent ? 1 : 0 as UInt8)
      buffer.writeInteger(quote.expiry)
      buffer.writeInteger(quote.leastDeposit)
      buffer.writeInteger(quote.graceSeconds)
      buffer.writeInteger(quote.graceBlocks)
      buffer.writeBytes(signed.signature.bytes)
    case .opened(let proof):
      let channel = proof.descriptor
      buffer.writeInteger(Kind.opened)
      buffer.writeBytes(channel.payer.bytes)
      buffer.writeBytes(channel.payee.bytes)
      buffer.writeBytes(channel.signer.bytes)
      buffer.writeBytes(channel.salt.bytes)
      buffer.writeInteger(channel.graceSeconds)
      buffer.writeInteger(channel.graceBlocks)
      buffer.writeInteger(channel.openCount)
      buffer.writeBytes(channel.module.bytes)
      buffer.writeInteger(channel.chainID)
      buffer.writeBytes(proof.signature.bytes)
    case .accept(let id):
      buffer.writeInteger(Kind.accept)
      buffer.writeInteger(id)
    case .voucher(let voucher):
      buffer.writeInteger(Kind.voucher)
      buffer.writeBytes(voucher.encoded)
    case .need(let need):
      buffer.writeInteger(Kind.need)
      buffer.writeBytes(need.channelID.bytes)
      buffer.writeInteger(need.required)
      buffer.writeInteger(need.accepted)
      buffer.writeInteger(need.deposit)
      buffer.writeInteger(need.window)
      if let voucher = need.voucher { buffer.writeBytes(voucher.encoded) }
    case .receipt(let receipt):
      buffer.writeInteger(Kind.receipt)
      buffer.writeInteger(receipt.received)
      buffer.writeInteger(receipt.verified)
    case .bye(let bye):
      buffer.writeInteger(Kind.bye)
      buffer.writeInteger(bye.reason.rawValue)
      buffer.writeBytes(bye.channelID.bytes)
      buffer.writeInteger(bye.sent)
      buffer.writeInteger(bye.received)
      buffer.writeInteger(bye.total)
    }
    return buffer
  }

  /// Reads a payload.
  public init(_ payload: ByteBuffer) throws(SpeedWireError) {
    var reader = SpeedReader(payload)
    guard let kind = reader.kind else { throw .wrongLength(0, 0) }
    switch kind {
    case Kind.quote:
      try reader.expect(143)
      let quote = SpeedQuote(
        id: try reader.integer(), price: try reader.integer(), payee: try reader.address(),
        isForAnyTorrent: try reader.flag(), expiry: try reader.integer(),
        leastDeposit: try reader.integer(), graceSeconds: try reader.integer(),
        graceBlocks: try reader.integer())
      guard quote.id > 0, quote.price >> SpeedExtension.priceBits == 0,
        quote.leastDeposit <= ChannelState.maximumAmount
      else { throw .outOfBounds }
      self = .quote(SignedQuote(quote, signature: try reader.signature()))
    case Kind.opened:
      try reader.expect(202)
      let channel = ChannelDescriptor(
        payer: try reader.address(), payee: try reader.address(), signer: try reader.address(),
        salt: try reader.hash(), graceSeconds: try reader.integer(),
        graceBlocks: try reader.integer(), openCount: try reader.integer(),
        module: try reader.address(), chainID: try reader.integer())
      self = .opened(ChannelProof(channel, signature: try reader.signature()))
    case Kind.accept:
      try reader.expect(9)
      self = .accept(quoteID: try reader.integer())
    case Kind.voucher:
      try reader.expect(1 + SignedVoucher.encodedCount)
      self = .voucher(try reader.voucher())
    case Kind.need:
      let isShort = payload.readableBytes == 89
      try reader.expect(isShort ? 89 : 89 + SignedVoucher.encodedCount)
      var need = SpeedNeed(
        channelID: ChannelID(try reader.hash()), required: try reader.integer(),
        accepted: try reader.integer(), deposit: try reader.integer(),
        window: try reader.integer())
      if !isShort { need.voucher = try reader.voucher() }
      self = .need(need)
    case Kind.receipt:
      try reader.expect(17)
      let receipt = SpeedReceipt(received: try reader.integer(), verified: try reader.integer())
      guard receipt.verified <= receipt.received else { throw .outOfBounds }
      self = .receipt(receipt)
    case Kind.bye:
      try reader.expect(66)
      guard let reason = SpeedBye.Reason(rawValue: try reader.integer()) else {
        throw .outOfBounds
      }
      self = .bye(
        SpeedBye(
          reason: reason, channelID: ChannelID(try reader.hash()), sent: try reader.integer(),
          received: try reader.integer(), total: try reader.integer()))
    default: throw .unknownKind(kind)
    }
  }
}

/// Reads the fields of a message whose length was checked.
private struct SpeedReader {
  private var buffer: ByteBuffer
  private let length: Int
  let kind: UInt8?

  init(_ payload: ByteBuffer) {
    buffer = payload
    length = payload.readableBytes
    kind = buffer.readInteger()
  }

  func expect(_ length: Int) throws(SpeedWireError) {
    guard self.length == length else { throw .wrongLength(kind ?? 0, self.length) }
  }

  mutating func integer<Value: FixedWidthInteger>() throws(SpeedWireError) -> Value {
    guard let value: Value = buffer.readInteger() else { throw short }
    return value
  }

  mutating func flag() throws(SpeedWireError) -> Bool {
    switch try integer() as UInt8 {
    case 0: return false
    case 1: return true
    default: throw .outOfBounds
    }
  }

  mutating func hash() throws(SpeedWireError) -> Hash256 {
    guard let hash = Hash256(try bytes(32)) else { throw short }
    return hash
  }

  mutating func address() throws(SpeedWireError) -> Address {
    guard let address = Address(try bytes(20)) else { throw short }
    return address
  }

  mutating func signature() throws(SpeedWireError) -> Signature {
    guard let signature = try? Signature(bytes: try bytes(65)) else { throw .invalidSignature }
    return signature
  }

  mutating func voucher() throws(SpeedWireError) -> SignedVoucher {
    let bytes = try bytes(SignedVoucher.encodedCount)
    guard let voucher = try? SignedVoucher(decoding: bytes) else { throw .invalidSignature }
    return voucher
  }

  private mutating func bytes(_ count: Int) throws(SpeedWireError) -> [UInt8] {
    guard let bytes = buffer.readBytes(length: count) else { throw short }
    return bytes
  }

  private var short: SpeedWireError { .wrongLength(kind ?? 0, length) }
}
