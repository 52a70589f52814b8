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
      && quote.leastDeposit <= greatestDeposit && quote.graceSeconds <= Self.longestGrace
  }

  /// The seller tells how the channel stands.
  func needed(_ need: SpeedNeed) {
    guard let channel = buyer.channel, channel.id == need.channelID, buyer.phase != .strange else {
      return
    }
    if let voucher = need.voucher, voucher.channelID == channel.id {
      accounts.desk.submit(.shown(voucher))
    }
    let isNew = buyer.phase != .ready
    buyer.phase = .ready
    // No window is believed that would have us pay too seldom to be served.
    channel.window = min(max(Int(clamping: need.window), 32 << 10), 1 << 30)
    if isNew, let voucher = channel.voucher, need.accepted < voucher.cumulativeAmount {
      send(.voucher(voucher))
    }
    buyer.refusals = 0
    let hadNoCredit = buyer.hasNoCredit
    buyer.hasNoCredit = need.window == 0 && need.accepted <= channel.owed
    if need.window == 0, market.buying?.prepaysFirstWindow == true {
      accounts.prepay(channel, upTo: need.required)
    } else if buyer.hasNoCredit {
      pauseBuying()
    }
    accounts.pay(channel, flush: isNew)
    if isNew || hadNoCredit != buyer.hasNoCredit { market.offersChanged() }
  }

  /// The seller ends paid mode.
  func sellerLeft(_ reason: SpeedBye.Reason) {
    buyer.forgetRequests()
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
      guard buyer.accepted == nil, !buyer.hasNoCredit, let channel = buyer.channel,
        hasRoom(channel, quote)
      else {
        return
      }
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
    accounts.sign(digest, by: channel.descriptor.voucherSigner) { [weak self] signature in
      guard let self, !isGone, buyer.phase == .proving else { return }
      guard let signature else { return buyer.phase = .strange }
      buyer.phase = .shown
      buyer.channel = channel
      channel.window = min(max(buyer.window, 32 << 10), 1 << 30)
      channel.price = max(channel.price, buyer.quote?.price ?? 0)
      channel.users.append(self)
      send(.opened(ChannelProof(channel.descriptor, signature: signature)))
    }
  }

  private func accept(_ quote: SpeedQuote) {
    buyer.accepted = quote
    buyer.channel?.price = quote.price
    if buyer.lastProgress == .distantPast { buyer.lastProgress = now }
    send(.accept(quoteID: quote.id))
  }

  /// Whether deposit and budget reach for more.
  func hasRoom(_ channel: BuyingChannel, _ quote: SpeedQuote) -> Bool {
    let ahead = buyer.openValue + buyer.unverifiedValue + Bill.cost(of: 16 << 10, at: quote.price)
    return !channel.isStopped && channel.owed + ahead <= channel.deposit
      && market.spent + ahead <= market.spendable
  }

  /// What is asked from here on is asked for nothing.
  func pauseBuying() {
    guard buyer.accepted != nil else { return }
    buyer.accepted = nil
    buyer.lastProgress = .distantPast
    send(.accept(quoteID: 0))
    tellReceipt(isDue: true)
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
    channel.lastUsed = now
    market.noteTrade(of: self)
    buyer.channel = nil
    buyer.phase = .strange
  }

  /// The connection is gone; what is owed is paid when the seller is met again.
  func leaveBuying() {
    detach()
    buyer.accepted = nil
  }

  // MARK: Payload

  func asked(_ block: BlockRequest) {
    if !buyer.isWaiting { buyer.lastProgress = now }
    buyer.requested(block)
    guard let quote = buyer.accepted, let channel = buyer.channel else { return }
    if !hasRoom(channel, quote) { pauseBuying() }
  }

  func came(_ block: BlockRequest, isDuplicate: Bool) {
    guard let price = buyer.takePrice(of: block) else {
      market.freeBytesIn += block.length
      return
    }
    market.paidBytesIn += block.length
    buyer.lastProgress = now
    if isDuplicate {
      // A copy came first, so that nobody looks at this one: it is paid for to those who were
      // right before, as long as such blocks are few.
      guard buyer.duplicates + block.length <= buyer.paidVerified / 16 else { return }
      buyer.duplicates += block.length
      bill(block.length, at: price)
    } else {
      buyer.hold(block.piece, block.length, at: price)
    }
    if let channel = buyer.channel { accounts.pay(channel) }
  }

  /// Bytes of a piece proved right.
  func proved(_ piece: Int, _ bytes: Int) {
    for (price, count) in buyer.take(piece) { bill(count, at: price) }
    if let channel = buyer.channel { accounts.pay(channel) }
  }

  /// A piece was wrong: nothing of it is paid, and where it came from here alone, nothing ever.
  func failed(_ piece: Int, isProven: Bool) {
    let tally = buyer.take(piece)
    guard !tally.isEmpty, isProven else { return }
    buyer.isBarred = true
    stopBuying(.badData, tells: true)
  }

  /// What the peer acknowledges of ours, or we of its, counts against what is billed.
  func acknowledged() {
    if buyer.accepted != nil, buyer.givenBase == nil { buyer.givenBase = theirs.received }
  }

  private func bill(_ bytes: Int, at price: UInt128) {
    guard let channel = buyer.channel else { return }
    buyer.paidVerified += bytes
    let given = buyer.givenBase.map { Int(clamping: theirs.received - min($0, theirs.received)) }
    let billed = max(buyer.billed, buyer.paidVerified - (given ?? 0))
    let value = channel.add(billed - buyer.billed, at: price)
    buyer.billed = billed
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
