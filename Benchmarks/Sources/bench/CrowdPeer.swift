internal import ChainTypes
internal import Keys
internal import Metainfo
internal import NIOCore
internal import Primitives
internal import Speed

/// One downloader of a crowd: asks for blocks at a steady rate, looks at none of them, and pays.
///
/// It is no engine, so that what is measured is the seller: it keeps nothing and checks nothing.
final class CrowdPeer: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  /// What a crowd has in common.
  struct Terms: Sendable {
    var infoHash: [UInt8]
    var domain: ChannelDomain
    var pieceLength: Int
    /// Whole pieces that are asked for, round and round.
    var pieceCount: Int
  }

  private let terms: Terms
  private let key: PrivateKey
  private let channelID: ChannelID
  private let descriptor: ChannelDescriptor
  private let nonce: Hash256
  private var context: ChannelHandlerContext?
  private var bytes = ByteBuffer()
  private var isGreeted = false

  // What the seller said.
  private var extensionID: UInt8?
  private var speed: SpeedContext?
  private var quote: SpeedQuote?
  private var window: UInt128 = 0
  private(set) var isChoked = true
  private var hasNeed = false

  // What is asked, got and owed.
  var isPaying = true
  private var accepted: SpeedQuote?
  private var next = 0
  private var open = 0
  private var tokens = 0.0
  private var prices: [Int: UInt128] = [:]
  private var weighed: UInt128 = 0
  private var signed: UInt128 = 0
  private var received: UInt64 = 0
  private var told: UInt64 = 0
  private(set) var vouchers = 0
  /// Called with each block that came.
  var whenReceived: ((Int) -> Void)?
  /// Called when the seller's handshake came.
  var whenGreeted: (() -> Void)?

  static let blockLength = 16 << 10
  private static let ownExtensionID: UInt8 = 3
  private static let greatestOpen = 32

  init(_ terms: Terms, key: PrivateKey, descriptor: ChannelDescriptor, nonce: Hash256) {
    self.terms = terms
    self.key = key
    self.descriptor = descriptor
    channelID = descriptor.id
    self.nonce = nonce
  }

  /// Whether blocks may be asked for, and paid for.
  var isReady: Bool { !isChoked && hasNeed && window > 0 && quote != nil }

  /// Bytes of payload that came.
  var bytesReceived: UInt64 { received }

  func channelActive(context: ChannelHandlerContext) {
    self.context = context
    var hello = ByteBuffer(bytes: [19] + Array("BitTorrent protocol".utf8))
    hello.writeBytes([0, 0, 0, 0, 0, 0x10, 0, 0])
    hello.writeBytes(terms.infoHash)
    hello.writeBytes(Array("-XX0001-".utf8) + nonce.bytes.prefix(12))
    context.writeAndFlush(NIOAny(hello), promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) { self.context = nil }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var more = unwrapInboundIn(data)
    bytes.writeBuffer(&more)
    if !isGreeted {
      guard bytes.readableBytes >= 68 else { return }
      bytes.moveReaderIndex(forwardBy: 68)
      isGreeted = true
      whenGreeted?()
      greet()
    }
    while let length = bytes.getInteger(at: bytes.readerIndex, as: UInt32.self),
      bytes.readableBytes >= Int(length) + 4
    {
      bytes.moveReaderIndex(forwardBy: 4)
      let end = bytes.readerIndex + Int(length)
      if length > 0 { take(Int(length)) }
      bytes.moveReaderIndex(to: end)
    }
    bytes.discardReadBytes()
  }

  func channelReadComplete(context: ChannelHandlerContext) { context.flush() }

  private func greet() {
    let own = SpeedHello(domain: terms.domain, nonce: nonce, sells: false, buys: true).encoded
    var payload = ByteBuffer(string: "d9:btt_speed")
    payload.writeImmutableBuffer(own)
    payload.writeString("1:md9:btt_speedi\(Self.ownExtensionID)eee")
    extended(0, payload)
    // Interested.
    message(2, [])
  }

  // MARK: What the seller says

  private func take(_ length: Int) {
    switch bytes.getInteger(at: bytes.readerIndex, as: UInt8.self) {
    case 0: isChoked = true
    case 1: isChoked = false
    case 7: came(length - 9)
    case 20:
      guard length >= 2,
        let id = bytes.getInteger(at: bytes.readerIndex + 1, as: UInt8.self),
        let payload = bytes.getSlice(at: bytes.readerIndex + 2, length: length - 2)
      else { return }
      if id == 0 { agreed(payload) } else if id == Self.ownExtensionID { told(payload) }
    default: break
    }
  }

  private func agreed(_ payload: ByteBuffer) {
    guard let document = try? BencodeDocument(Array(payload.readableBytesView)),
      let id = document.root["m"]?["btt_speed"]?.integer,
      let encoded = document.root["btt_speed"]?.encoding,
      let hello = try? SpeedHello(ByteBuffer(bytes: encoded)),
      let infoHash = SHA1Hash(terms.infoHash)
    else { return }
    extensionID = UInt8(truncatingIfNeeded: id)
    speed = SpeedContext(
      domain: terms.domain, sellerNonce: hello.nonce, buyerNonce: nonce, infoHash: infoHash)
  }

  private func told(_ payload: ByteBuffer) {
    guard let message = try? SpeedMessage(payload) else { return }
    switch message {
    case .quote(let signed):
      let isFirst = quote == nil
      quote = signed.quote
      if isFirst, let speed,
        let signature = try? key.sign(ChannelProof.digest(of: channelID, in: speed))
      {
        say(.opened(ChannelProof(descriptor, signature: signature)))
      } else if accepted != nil {
        accept()
      }
    case .need(let need):
      hasNeed = true
      window = UInt128(need.window)
      // Without a first window one is paid in advance.
      if window == 0, need.required > signed { pay(need.required) }
    default: break
    }
  }

  private func came(_ count: Int) {
    guard let piece = bytes.getInteger(at: bytes.readerIndex + 1, as: UInt32.self),
      let offset = bytes.getInteger(at: bytes.readerIndex + 5, as: UInt32.self)
    else { return }
    open -= 1
    received += UInt64(count)
    let block = (Int(piece) * terms.pieceLength + Int(offset)) / Self.blockLength
    if let price = prices.removeValue(forKey: block) {
      weighed += UInt128(count) * price
      let owed = weighed >> 20
      let half = (window * price >> 20) / 2
      if owed >= signed + max(half, 1) { pay(owed) }
      if received - told >= 512 << 10 {
        told = received
        say(.receipt(SpeedReceipt(received: received, verified: received)))
      }
    }
    whenReceived?(count)
  }

  // MARK: What it says

  /// Takes up, or gives up, paying for what is asked from here on.
  func setPaying(_ isPaying: Bool) {
    self.isPaying = isPaying
    if isPaying {
      accept()
    } else if accepted != nil {
      accepted = nil
      say(.accept(quoteID: 0))
      if weighed >> 20 > signed { pay(weighed >> 20) }
    }
    context?.flush()
  }

  private func accept() {
    guard let quote, quote.id != accepted?.id else { return }
    accepted = quote
    say(.accept(quoteID: quote.id))
  }

  private func pay(_ total: UInt128) {
    guard
      let voucher = try? Voucher(channelID: channelID, cumulativeAmount: total)
        .signed(by: key, in: terms.domain)
    else { return }
    signed = total
    vouchers += 1
    say(.voucher(voucher))
  }

  /// Asks for what the rate has room for.
  func ask(rate: Double, seconds: Double) {
    tokens = min(tokens + rate * seconds, Double(Self.greatestOpen * Self.blockLength))
    guard isReady, isPaying == (accepted != nil) else { return }
    var hasAsked = false
    while tokens >= Double(Self.blockLength), open < Self.greatestOpen {
      tokens -= Double(Self.blockLength)
      request()
      hasAsked = true
    }
    if hasAsked { context?.flush() }
  }

  /// Asks for one block.
  func request() {
    let perPiece = terms.pieceLength / Self.blockLength
    let block = next
    next = (next + 1) % (perPiece * terms.pieceCount)
    var body = ByteBuffer()
    body.writeInteger(UInt32(block / perPiece))
    body.writeInteger(UInt32(block % perPiece * Self.blockLength))
    body.writeInteger(UInt32(Self.blockLength))
    prices[block] = accepted?.price
    open += 1
    message(6, Array(body.readableBytesView))
  }

  private func say(_ message: SpeedMessage) {
    guard let extensionID else { return }
    extended(extensionID, message.encoded)
  }

  private func extended(_ id: UInt8, _ payload: ByteBuffer) {
    message(20, [id] + Array(payload.readableBytesView))
  }

  private func message(_ id: UInt8, _ body: [UInt8]) {
    var frame = ByteBuffer()
    frame.writeInteger(UInt32(body.count + 1))
    frame.writeInteger(id)
    frame.writeBytes(body)
    context?.write(NIOAny(frame), promise: nil)
  }

  /// Has all that was said go out.
  func flush() { context?.flush() }
}
