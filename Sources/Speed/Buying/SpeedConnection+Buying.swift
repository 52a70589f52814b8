internal import BitTorrent
internal import ChainTypes
internal import NIOCore
internal import Primitives

// What a connection buys.
extension SpeedConnection {
  // MARK: The seller's messages

  /// A price: looked at no more often than prices change.
  func quoted(_ signed: SignedQuote) {
    guard market.buying != nil, !buyer.isBarred, let context = context(selling: false) else {
      return
    }
    if now >= buyer.quoteBudgetAt {
      buyer.quoteBudgetAt = now + .seconds(10)
      buyer.quotesChecked = 0
    }
    buyer.quotesChecked += 1
    guard buyer.quotesChecked <= Self.quotesInTenSeconds else { return strike(4) }
    let quote = signed.quote
    let time = accounts.unixTime(at: now)
    guard quote.id > buyer.quote?.id ?? 0, quote.payee != accounts.desk.account,
      quote.payee == buyer.channel?.payee ?? quote.payee, quote.expiry > time,
      signed.isGenuine(in: context)
    else { return strike(8) }
    buyer.quote = quote
    if buyer.accepted != nil, isAcceptable(quote) { accept(quote) }
    market.offersChanged()
  }

  private static let quotesInTenSeconds = 8

  /// Whether a quote's price is one that we pay.
  func isAcceptable(_ quote: SpeedQuote) -> Bool {
    guard let terms = market.buying else { return false }
    // Nor do we lock up for one seller what is meant for many, or for longer than a week.
    let greatestDeposit = max(
      Bill.cost(of: 4 * SpeedMarket.depositBytes, at: quote.price), terms.budget / 4)
    return quote.price <= terms.maximumPrice && quote.expiry > accounts.unixTime(at: now)
      && !accounts.barredPayees.contains(quote.payee)
      && quote.leastDeposit <= greatestDeposit && quote.graceSeconds <= Self.longestGrace
  }

  /// The seller tells how the channel stands.
  func needed(_ need: SpeedNeed) {
    guard let channel = buyer.channel, channel.id == need.channelID, buyer.phase != .strange else {
      return
    }
    // The answer to the first accept is a receipt and a need right after it, before any block that
    // costs something; what was on its way before the answer may look like one.
    if let receipt = buyer.receiptBefore, buyer.barter.moved == 0 { buyer.barter.base = receipt }
    let isNew = buyer.phase != .ready
    // Whoever shows a voucher has it looked at, which costs something: once.
    if isNew, let voucher = need.voucher, voucher.channelID == channel.id,
      voucher.cumulativeAmount > channel.signed
    {
      accounts.desk.submit(.shown(voucher))
    }
    buyer.phase = .ready
    // No window is believed that would have us pay too seldom to be served.
    channel.window = min(max(Int(clamping: need.window), 32 << 10), 1 << 30)
    let open = need.required > need.accepted ? need.required - need.accepted : 0
    let block = Bill.cost(of: BlockRequest.blockLength, at: channel.price)
    channel.isFull =
      need.accepted >= channel.signed
      && (open >= channel.windowValue || channel.windowValue - open < block)
    accounts.renew(channel, accepted: need.accepted, isNew: isNew)
    buyer.refusals = 0
    buyer.need = need
    if need.window == 0, market.buying?.prepaysFirstWindow == true {
      accounts.prepay(channel, upTo: need.required)
    }
    creditChanged()
    accounts.pay(channel, flush: isNew)
    if isNew { market.offersChanged() }
  }

  /// The seller, or our own books, tell more of what was paid: whether there is credit.
  func creditChanged() {
    guard let need = buyer.need, let channel = buyer.channel, buyer.phase == .ready else { return }
    let hadNoCredit = buyer.hasNoCredit
    buyer.hasNoCredit = need.window == 0 && need.accepted <= channel.owed
    if buyer.hasNoCredit {
      buyer.triesAgainAt = now + Self.pause
      if market.buying?.prepaysFirstWindow != true { pauseBuying() }
    }
    if hadNoCredit != buyer.hasNoCredit { market.offersChanged() }
  }

  /// The seller ends paid mode.
  func sellerLeft(_ reason: SpeedBye.Reason) {
    buyer.forgetRequests()
    recount()
    buyer.accepted = nil
    buyer.avoidUntil = now + Self.pause
    guard let channel = buyer.channel else {
      buyer.phase = .strange
      return
    }
    accounts.pay(channel, flush: true)
    switch reason {
    case .channelClosing where buyer.phase == .shown && buyer.refusals < Self.maximumRefusals:
      // It may not have seen it yet: blocks come at their own pace.
      buyer.refusals += 1
      buyer.avoidUntil = now + .seconds(10)
      detach()
    case .channelClosing, .done:
      channel.isOver = true
      if channel.closeBy == nil { channel.closeBy = now + accounts.configuration.idleLimit }
      detach()
    case .misconduct: buyer.isBarred = true
    case .unpaid, .dispute, .badData, .leaving: break
    }
  }

  // MARK: Paid mode

  /// Goes on towards paid mode with this seller: opens a channel, proves it, accepts.
  func pursue() {
    guard !isGone, !buyer.isBarred, now >= buyer.avoidUntil, let quote = buyer.quote,
      isAcceptable(quote)
    else { return }
    switch buyer.phase {
    case .strange:
      if let channel = accounts.channel(to: quote.payee) {
        prove(channel)
      } else {
        openChannel(quote)
      }
    case .opening, .proving, .shown: break
    case .ready:
      // Those without credit may have some later: that is asked by accepting.
      guard buyer.accepted == nil, !buyer.hasNoCredit || now >= buyer.triesAgainAt,
        let channel = buyer.channel
      else { return }
      // A deposit may be used up because its top-up failed, or because there was no budget then.
      guard hasRoom(channel, quote) else { return accounts.topUp(channel, for: market) }
      accept(quote)
    }
  }

  private func openChannel(_ quote: SpeedQuote) {
    let least = max(quote.leastDeposit, 1)
    let wanted = max(least, Bill.cost(of: SpeedMarket.depositBytes, at: quote.price))
    let deposit = min(wanted, market.unlockedBudget)
    guard deposit >= least, accounts.mayOpen else { return }
    buyer.phase = .opening
    accounts.wantChannel(
      ChannelWish(
        payee: quote.payee, deposit: deposit, graceSeconds: quote.graceSeconds,
        graceBlocks: quote.graceBlocks), for: self)
  }

  /// Shows the seller that the channel is ours.
  func prove(_ channel: BuyingChannel) {
    guard let context = context(selling: false), buyer.phase == .strange || buyer.phase == .opening
    else { return }
    buyer.phase = .proving
    let digest = ChannelProof.digest(of: channel.id, in: context)
    accounts.sign(digest, by: channel.descriptor.voucherSigner) { [self] signature in
      guard !isGone, buyer.phase == .proving else { return }
      guard let signature else {
        // Its key is not here.
        (buyer.phase, buyer.avoidUntil) = (.strange, now + Self.pause)
        return
      }
      buyer.phase = .shown
      buyer.channel = channel
      channel.window = min(max(buyer.window, 32 << 10), 1 << 30)
      channel.price = max(channel.price, buyer.quote?.price ?? 0)
      accounts.fund(channel, by: market)
      channel.users.append(self)
      channel.ahead += buyer.counted
      send(.opened(ChannelProof(channel.descriptor, signature: signature)))
    }
  }

  private func accept(_ quote: SpeedQuote) {
    buyer.accepted = quote
    buyer.channel?.price = quote.price
    if buyer.lastProgress == .distantPast { buyer.lastProgress = now }
    send(.accept(quoteID: quote.id))
  }

  /// Whether deposit and budget reach for more, with all that is under way on any connection.
  func hasRoom(_ channel: BuyingChannel, _ quote: SpeedQuote) -> Bool {
    let next = Bill.cost(of: BlockRequest.blockLength, at: quote.price)
    return !channel.isStopped && channel.owed + channel.ahead + next <= channel.deposit
      && market.spent + market.ahead + next <= market.spendable
  }

  /// Tells channel and torrent how much of what is under way is ours.
  private func recount() {
    let ahead = buyer.ahead
    guard ahead != buyer.counted else { return }
    market.ahead += ahead
    market.ahead -= buyer.counted
    if let channel = buyer.channel {
      channel.ahead += ahead
      channel.ahead -= buyer.counted
    }
    buyer.counted = ahead
  }

  /// What may be paid of what is not checked yet, where pieces are large: nothing where each block
  /// is found right or wrong by itself.
  var valueOnAccount: UInt128 { buyer.unverifiedValue(except: market.judgedPieces) }

  /// What is asked from here on is asked for nothing.
  func pauseBuying() {
    guard buyer.accepted != nil else { return }
    tellReceipt(isDue: true)
    buyer.accepted = nil
    buyer.lastProgress = .distantPast
    send(.accept(quoteID: 0))
  }

  /// Nothing more is bought on this connection.
  func stopBuying(_ reason: SpeedBye.Reason, tells: Bool) {
    guard let channel = buyer.channel else { return }
    pauseBuying()
    if tells {
      send(
        .bye(
          SpeedBye(
            reason: reason, channelID: channel.id, sent: UInt64(sent),
            received: UInt64(received), total: channel.owed)))
    }
    detach()
  }

  private func detach() {
    guard let channel = buyer.channel else { return }
    channel.users.removeAll { $0 === self }
    channel.ahead -= buyer.counted
    channel.lastUsed = now
    market.noteTrade(of: self)
    buyer.channel = nil
    buyer.need = nil
    buyer.hasNoCredit = false
    buyer.phase = .strange
  }

  /// The connection is gone; what is owed is paid when the seller is met again.
  func leaveBuying() {
    detach()
    buyer.accepted = nil
    market.ahead -= buyer.counted
    buyer.counted = 0
  }

  // MARK: Payload

  func asked(_ block: BlockRequest) {
    if !buyer.isWaiting { buyer.lastProgress = now }
    buyer.requested(block)
    recount()
    guard let quote = buyer.accepted, let channel = buyer.channel else { return }
    if !hasRoom(channel, quote) { pauseBuying() }
  }

  func gaveUp(_ block: BlockRequest) {
    buyer.gaveUp(block)
    recount()
  }

  func came(_ block: BlockRequest, isDuplicate: Bool) {
    guard let price = buyer.takePrice(of: block) else {
      market.freeBytesIn += block.length
      if !isDuplicate, buyer.isHolding {
        buyer.hold(block.piece, BuyerState.Part(price: 0, bytes: block.length, billable: 0))
      }
      return
    }
    market.paidBytesIn += block.length
    buyer.lastProgress = now
    // Barter counts where the block stands in the stream, as on the other side.
    let part = BuyerState.Part(
      price: price, bytes: block.length,
      billable: buyer.barter.step(block.length, verified: theirs.verified))
    if isDuplicate { cameAgain(block, part) } else { buyer.hold(block.piece, part) }
    recount()
    noteGrowth()
  }

  // A copy came first. In v2 it is told whether this one is right too. In v1 nobody looks at it: it
  // is paid for to those who were right before, where such blocks are few, one piece for a payee at
  // most; not where pieces are paid on account, as there is nothing more to be lost there.
  private func cameAgain(_ block: BlockRequest, _ part: BuyerState.Part) {
    guard let channel = buyer.channel else { return }
    guard !introduction.isV2, market.pieceLength * 2 <= channel.window,
      channel.copies + part.bytes <= min(market.pieceLength, buyer.paidVerified / 16)
    else { return buyer.holdCopy(block, part) }
    channel.copies += part.bytes
    bill(part)
  }

  /// A block that came after a copy proved right: it was asked for, and costs what it costs.
  func copyProved(_ block: BlockRequest) {
    guard let part = buyer.takeCopy(block) else { return }
    bill(part)
    noteGrowth()
  }

  /// Bytes of a piece proved right.
  func proved(_ piece: Int, _ bytes: Int) {
    for part in buyer.take(piece, bytes) where part.price > 0 { bill(part) }
    recount()
    noteGrowth()
  }

  /// Bytes of a piece were wrong: nothing of it is paid that was not found right before, and where
  /// it is proven that they came from here, nothing ever.
  func failed(_ piece: Int, isProven: Bool) {
    buyer.drop(piece)
    recount()
    guard isProven, !buyer.isBarred else { return }
    buyer.isBarred = true
    if let payee = buyer.channel?.payee ?? buyer.quote?.payee { accounts.bar(payee) }
    stopBuying(.badData, tells: true)
  }

  // What is due is reckoned once a batch, however many blocks it has.
  private func noteGrowth() {
    guard let channel = buyer.channel, !channel.hasGrown else { return }
    channel.hasGrown = true
    accounts.grown.append(channel)
  }

  private func bill(_ part: BuyerState.Part) {
    guard let channel = buyer.channel else { return }
    buyer.paidVerified += part.bytes
    buyer.billed += part.billable
    let value = channel.add(part.billable, at: part.price)
    buyer.spent += value
    market.spent += value
  }

  /// Whether bytes that cost something are on their way on a channel, so that its bill still grows.
  func isBusy(on channel: BuyingChannel) -> Bool {
    buyer.channel === channel && buyer.accepted != nil
      && now - buyer.lastProgress < .milliseconds(500)
  }

  static let pause: TimeAmount = .seconds(60)
  private static let maximumRefusals = 6
  private static let longestGrace: UInt32 = 7 * 86_400
}
