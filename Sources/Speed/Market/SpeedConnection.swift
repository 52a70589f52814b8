internal import BitTorrent
internal import ChainTypes
internal import NIOCore
internal import Primitives

/// One peer that speaks the extension: both directions of trade on one connection.
final class SpeedConnection {
  let market: SpeedMarket
  let accounts: SpeedAccounts
  let handle: PeerHandle
  let introduction: PeerIntroduction
  /// A number that no other connection of the session has.
  let number: UInt64
  /// Our random bytes of this connection.
  let nonce: Hash256
  /// What the peer said of itself; nil when it does not speak the extension.
  private(set) var hello: SpeedHello?
  private(set) var isGone = false

  // Payload, in bytes.
  private(set) var sent = 0
  private(set) var received = 0
  private(set) var verified = 0
  /// What the peer says came.
  private(set) var theirs = SpeedReceipt(received: 0, verified: 0)
  /// What we said last.
  private var told = SpeedReceipt(received: 0, verified: 0)
  private var toldAt = NIODeadline.distantPast
  /// What had come at the peer when that was last taken for a sign of life.
  private var progress = 0
  var uploadRate = 0
  var downloadRate = 0
  /// At most a second: nobody gets longer by being slow on purpose.
  private(set) var roundTrip = TimeAmount.milliseconds(100)
  private(set) var lastHeard = NIODeadline.distantPast

  var seller = SellerState()
  var buyer = BuyerState()
  /// Breaches of the extension's rules, by weight.
  private var strikes = 0

  init(
    _ market: SpeedMarket, _ handle: PeerHandle, _ introduction: PeerIntroduction, number: UInt64
  ) {
    self.market = market
    accounts = market.accounts
    self.handle = handle
    self.introduction = introduction
    self.number = number
    nonce = accounts.nonce()
  }

  var now: NIODeadline { accounts.now }

  func send(_ message: SpeedMessage) {
    guard !isGone, hello != nil else { return }
    if case .bye(let bye) = message { market.endings[bye.reason, default: 0] += 1 }
    let payload = message.encoded
    market.paymentBytesOut += payload.readableBytes + SpeedExtension.frameLength
    market.put(.send(handle, extensionName: SpeedExtension.name, payload))
  }

  /// What signatures are bound to where we sell, and where we buy.
  func context(selling: Bool) -> SpeedContext? {
    guard let hello else { return nil }
    return SpeedContext(
      domain: accounts.desk.domain, sellerNonce: selling ? nonce : hello.nonce,
      buyerNonce: selling ? hello.nonce : nonce, infoHash: introduction.infoHash)
  }

  // MARK: Its beginning and end

  /// The peer's handshake came; strangers to our ledger stay without trade.
  func agreed(_ hello: SpeedHello) {
    let domain = accounts.desk.domain
    guard self.hello == nil, hello.chainID == domain.chainID, hello.module == domain.module,
      hello.nonce != nonce
    else { return }
    self.hello = hello
    buyer.window = hello.window
    offerQuote()
  }

  /// The connection ended.
  func ended() {
    guard !isGone else { return }
    isGone = true
    leaveSelling()
    leaveBuying()
  }

  /// The peer broke a rule; too many of them end the trade.
  func strike(_ weight: Int) {
    strikes += weight
    guard strikes > Self.maximumStrikes else { return }
    buyer.isBarred = true
    seller.isBarred = true
    stopBuying(.misconduct, tells: true)
    stopSelling(.misconduct)
  }

  /// The peer did right.
  func pardon() { strikes = max(0, strikes - 1) }

  private static let maximumStrikes = 64

  // MARK: Messages

  func receive(_ payload: ByteBuffer) {
    lastHeard = now
    market.paymentBytesIn += payload.readableBytes + SpeedExtension.frameLength
    guard hello != nil, !isGone else { return }
    let message: SpeedMessage
    do throws(SpeedWireError) {
      message = try SpeedMessage(payload)
    } catch {
      return strike(1)
    }
    defer {
      if case .receipt(let receipt) = message, buyer.accepted != nil {
        buyer.receiptBefore = receipt.verified
      } else {
        buyer.receiptBefore = nil
      }
    }
    switch message {
    case .quote(let quote): quoted(quote)
    case .need(let need): needed(need)
    case .opened(let proof): shown(proof)
    case .accept(let id): accepted(id)
    case .voucher(let voucher): vouched(voucher)
    case .receipt(let receipt): took(receipt)
    case .bye(let bye): left(bye)
    }
  }

  private func took(_ receipt: SpeedReceipt) {
    guard receipt.received >= theirs.received, receipt.verified >= theirs.verified,
      receipt.received <= UInt64(sent) + Self.receiptSlack
    else { return strike(4) }
    theirs = receipt
    let arrived = min(Int(clamping: receipt.received), sent)
    if arrived >= progress + progressStep {
      progress = arrived
      progressed()
    }
    checkReceipt(receipt)
  }

  private func left(_ bye: SpeedBye) {
    // Whoever ends one direction says by the channel which; zero ends whatever there is.
    let id = bye.channelID
    if seller.channel?.id == id {
      buyerLeft(isDone: bye.reason == .done)
    } else if buyer.channel == nil || buyer.channel?.id == id {
      sellerLeft(bye.reason)
    }
  }

  // MARK: Payload

  func observe(_ event: TransferEvent, _ figures: PeerFigures) {
    uploadRate = figures.uploadRate
    downloadRate = figures.downloadRate
    if let time = figures.roundTrip { roundTrip = min(time, .seconds(1)) }
    switch event {
    case .sent(let block, to: _):
      sent += block.length
      delivered(block)
    case .dropped(let block, of: _): dropped(block)
    case .requested(let block, of: _): if hello != nil { asked(block) }
    case .received(let block, from: _):
      received += block.length
      came(block, isDuplicate: false)
      tellReceipt()
    case .duplicate(let block, from: _):
      received += block.length
      came(block, isDuplicate: true)
    case .copied(let block, from: _):
      verified += block.length
      copyProved(block)
    case .cancelled(let block, of: _): gaveUp(block)
    case .verified(let piece, let bytes, from: _):
      verified += bytes
      proved(piece, bytes)
      tellReceipt()
    case .failed(let piece, _, from: _, let isProven): failed(piece, isProven: isProven)
    }
  }

  /// Says what came, where it matters: often enough to pay by, seldom enough to cost nothing.
  func tellReceipt(isDue: Bool = false) {
    guard hello != nil, isTrading else { return }
    let fresh = max(
      received - Int(clamping: told.received),
      min(verified, received) - Int(clamping: told.verified))
    let isLate = now - toldAt >= .milliseconds(500) && fresh >= BlockRequest.blockLength
    guard isDue || fresh >= receiptStep || isLate else { return }
    told = SpeedReceipt(
      received: UInt64(received), verified: UInt64(min(verified, received)))
    toldAt = now
    send(.receipt(told))
  }

  /// What we said of the peer's that proved right, in bytes.
  var toldVerified: UInt64 { told.verified }

  // Of a window a few dozen parts: nobody holds one for long by saying that bytes trickle in.
  private var progressStep: Int {
    let window = seller.channel.flatMap { accounts.credit[$0.payer]?.window } ?? 0
    return max(BlockRequest.blockLength, window / 32)
  }

  // To who buys from us it tells what barter is reckoned by; to who only sells, that all goes well.
  private var receiptStep: Int {
    guard seller.accepted == nil, !seller.hasPromises, let channel = buyer.channel else {
      return Self.receiptBytes
    }
    return max(Self.receiptBytes, channel.window / 8)
  }

  // What went out is counted a little later than it goes.
  private static let receiptSlack: UInt64 = 8 << 20
  private static let receiptBytes = 512 << 10

  /// Whether anything is bought or sold on the connection.
  var isTrading: Bool { seller.accepted != nil || buyer.accepted != nil }

  /// Whether money is still to go.
  var isOwing: Bool { buyer.channel?.isOwing ?? false }

  /// Whether money is still to come or to go.
  var isSettling: Bool {
    let isOwed = seller.channel.map { channel in
      accounts.credit[channel.payer].map { $0.debt > 0 && !$0.isInDefault } ?? false
    }
    return isOwing || buyer.phase == .ready && !buyer.isBarred || isOwed ?? false
  }

  func row() -> SpeedPeerRow {
    var row = SpeedPeerRow(
      peer: handle, address: introduction.address, connection: number)
    row.payee = buyer.quote?.payee
    row.payer = seller.channel?.payer
    row.buyingChannel = buyer.channel?.id
    row.sellingChannel = seller.channel?.id
    row.buyingPrice = buyer.accepted?.price
    row.sellingPrice = seller.accepted?.price
    row.delivered = sent
    row.acknowledged = Int(clamping: theirs.verified)
    row.received = received
    row.verified = verified
    row.billed = buyer.billed
    row.spent = buyer.spent
    row.paid = buyer.channel?.signed ?? 0
    row.earned = seller.earned
    row.income = seller.channel?.paid ?? 0
    row.window = seller.channel.flatMap { accounts.credit[$0.payer]?.window } ?? 0
    return row
  }
}
